"""Builds the images of images/*/Containerfile on a bare machine, and brings them where pods find them.

What the images are, the Containerfiles say. This package only decides what is stale, provides the base image where no
registry does, and moves as few bytes as it can.
"""
