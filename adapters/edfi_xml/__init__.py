"""The adapter for Ed-Fi bulk interchange files."""

from adapters.edfi_xml.adapter import EdFiXml

__all__ = ["EdFiXml"]
