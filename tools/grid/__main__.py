"""Write operator/modelreuse/costs/grid.csv anew from the figures that a CodeCarbon wheel carries (`make grid-table`).

usage: python -m grid FOLDER, where FOLDER holds the unpacked package `codecarbon`
"""

import sys
from pathlib import Path

from grid.sources import figures
from grid.table import write

TABLE = Path(__file__).parents[2] / "operator/modelreuse/costs/grid.csv"


def main(arguments: list[str]) -> int:
    """Exit status: 0 written, 2 no such folder given."""
    if len(arguments) != 1 or not Path(arguments[0]).is_dir():
        print(__doc__, file=sys.stderr)
        return 2
    rows = figures(Path(arguments[0]) / "data/private_infra")
    write(TABLE, rows)
    print(f"{len(rows)} zones: {TABLE}")
    return 0


sys.exit(main(sys.argv[1:]))
