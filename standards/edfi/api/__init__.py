"""The Ed-Fi API: requests, bodies, envelopes and documents, as an ODS/API has them."""
