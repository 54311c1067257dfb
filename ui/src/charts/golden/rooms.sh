curl http://127.0.0.1:8080/v1/query -H "Authorization: Bearer $PENSTOCK_KEY" --json '{
  "start": 1769846400000,
  "end": 1769860800000,
  "fetch": {
    "warmest": {
      "where": {
        "site": "copied",
        "metric": "temperature",
        "tags": {
          "side": "chef'\''s \"north\""
        }
      },
      "fn": "max",
      "by": [
        "building",
        "room"
      ],
      "then": {
        "fn": "percentile",
        "by": [
          "building"
        ],
        "q": 50
      },
      "unit": "degC"
    },
    "before": {
      "where": {
        "site": "copied",
        "metric": "temperature"
      },
      "fn": "percentile",
      "q": 95,
      "by": [
        "building"
      ],
      "unit": "degC",
      "shift": "1h"
    }
  },
  "window": "15m",
  "zone": "Europe/Berlin",
  "math": {
    "change": "warmest - before"
  },
  "show": [
    "warmest",
    "change"
  ],
  "fill": "null",
  "max_points": 100,
  "descending": false
}'
