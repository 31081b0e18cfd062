"""Turns the lines of `services` (`LOAD SERVER {json}`) into its figures: medians over the runs of the ratios of each run."""
import json
import sys
from statistics import median

runs = {}
for line in sys.stdin:
    load, server, text = line.strip().split(" ", 2)
    try:
        runs.setdefault((load, server), []).append(json.loads(text))
    except ValueError:
        sys.exit(f"{load} of {server} failed: {text}")


def figures(load, server, key):
    return [run[key] for run in runs[load, server]]


def ratio(load, key):
    return median(ours / theirs for ours, theirs in zip(figures(load, "callboard", key), figures(load, "feathers", key)))


def show(what, load, key):
    mine, theirs = median(figures(load, "callboard", key)), median(figures(load, "feathers", key))
    print(f"{what:48}{theirs:>14.1f}{mine:>14.1f}{ratio(load, key):>9.2f}x")


print(f"{'':48}{'Feathers':>14}{'Callboard':>14}{'ratio':>10}")
show("creates, 100 listeners: events a second", "create", "deliveries_per_s")
show("creates, 100 listeners: CPU us an event", "create", "server_cpu_us_per_delivery")
show("finds of 10 of 1,000 documents: calls a second", "find", "calls_per_s")
show("finds of 10 of 1,000 documents: CPU us a call", "find", "server_cpu_us_per_call")
cpu = "server_cpu_us_per_delivery"
floor, plain, filtered = (figures("steady", server, cpu) for server in ("floor", "plain", "filtered"))
added = median((f - p) / base for f, p, base in zip(filtered, plain, floor))
print(f"company filter, 1,000 listeners: CPU us a delivery: floor {median(floor):.2f}, without {median(plain):.2f}, with {median(filtered):.2f}; the filter adds {added:.2f}x the floor")
lost = max(run["lost"] for (load, _), all_runs in runs.items() if load != "find" for run in all_runs)
disordered = max(run["disordered"] for (load, _), all_runs in runs.items() if load != "find" for run in all_runs)
print(f"lost {lost}, disordered {disordered}, runs {len(floor)}")
