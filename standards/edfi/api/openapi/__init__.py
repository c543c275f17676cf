"""The Ed-Fi API described as OpenAPI 3.0 and Swagger 2.0."""
