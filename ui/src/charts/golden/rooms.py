from penstock_client import Client, Query, fetch

with Client(url="http://127.0.0.1:8080") as client:  # the key is in PENSTOCK_KEY
    query = Query.between(
        "2026-01-31T08:00:00Z",
        "2026-01-31T12:00:00Z",
        {
            "warmest": fetch("max", "temperature", site="copied", tags={"side": "chef's \"north\""}, by=("building", "room"), unit="degC").over("percentile", by=("building",), q=50),
            "before": fetch("percentile", "temperature", site="copied", by=("building",), q=95, unit="degC").shifted("1h"),
        },
        window="15m",
        zone="Europe/Berlin",
        math={"change": "warmest - before"},
        show=("warmest", "change"),
        fill="null",
        max_points=100,
        descending=False,
    )
    for row in client.query(query):
        print(row.ts, row.name, row.groups, row.value, row.unit)
