"""The adapter for an Ed-Fi ODS/API."""

from adapters.edfi_ods.adapter import EdFiOds

__all__ = ["EdFiOds"]
