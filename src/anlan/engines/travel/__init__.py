"""Travel times on a road network, exact, in process, without a network connection.

`roads` checks the graph, `osm` reads one, `network` answers: one to many, many to one, matrix, route, reachable area.
Times in and out are seconds; inside they are whole milliseconds, so that two routers agree to the last digit.
"""
