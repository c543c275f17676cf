"""The audit log: disclosures, durable before they leave, in a hash chain that shows tampering."""
