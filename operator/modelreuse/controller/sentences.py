"""What pydantic says of a bad value, as one sentence that begins with the field as its author wrote it."""

from pydantic import ValidationError


def sentence(error: ValidationError) -> str:
    """The first complaint, such as `spec.models[0].uri: unknown scheme "s4"`, and how many more there are."""
    complaints = error.errors(include_url=False, include_input=False, include_context=False)
    first = complaints[0]
    message = first["msg"].removeprefix("Value error, ")
    more = f" (and {len(complaints) - 1} more)" if len(complaints) > 1 else ""
    return f"{field_path(first['loc'])}: {message}{more}"


def field_path(location: tuple[int | str, ...]) -> str:
    """`("spec", "models", 0, "uri")` as `spec.models[0].uri`."""
    path = ""
    for part in location:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else part
    return path or "the object"
