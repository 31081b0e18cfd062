"""Makes a key pair of each kind in the folder named as the only argument: rsa, ecdsa and eddsa, private and public."""

import sys
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa


def write(folder: Path, name: str, key) -> None:
    folder.joinpath(f"{name}.private.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    folder.joinpath(f"{name}.public.pem").write_bytes(
        key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    )


if __name__ == "__main__":
    target = Path(sys.argv[1])
    write(target, "rsa", rsa.generate_private_key(public_exponent=65537, key_size=2048))
    write(target, "ecdsa", ec.generate_private_key(ec.SECP256R1()))
    write(target, "eddsa", ed25519.Ed25519PrivateKey.generate())
