"""The Ed-Fi data model: resources, members, references and natural keys."""
