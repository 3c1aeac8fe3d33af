"""Mail: the formats that messages about mail come in: MIME, delivery reports, complaints, log lines."""
