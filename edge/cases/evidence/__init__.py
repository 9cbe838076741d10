"""The rules of evidence, without I/O but for key files: manifests, the chain of entries, signatures, verification."""

from edge.cases.evidence.chain import Entry, canonical, next_entry, sha256
from edge.cases.evidence.manifest import Manifest, Record, decided_manifest, filed_manifest, frame_record, to_case
from edge.cases.evidence.signing import Signer, create_signing_key, load_signer
from edge.cases.evidence.verify import Mismatch, check_package, read_public_key

__all__ = [
    "Entry",
    "Manifest",
    "Mismatch",
    "Record",
    "Signer",
    "canonical",
    "check_package",
    "create_signing_key",
    "decided_manifest",
    "filed_manifest",
    "frame_record",
    "load_signer",
    "next_entry",
    "read_public_key",
    "sha256",
    "to_case",
]
