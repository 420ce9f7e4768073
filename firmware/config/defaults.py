"""What a laptop without any file gets: a test picture and no peers."""

BUILT_IN = """\
[station]
ae_title = "GANTRY"
station_name = "GANTRY"

[[sources]]
name = "pattern"
kind = "pattern"
rate = 25.0
bits = 12

[[sources]]
name = "colour pattern"
kind = "pattern"
rate = 25.0
colour = true

[[protocols]]
name = "Test picture"
source = "pattern"
object = "SC"
series_description = "Test picture"
burned_in_annotation = false

[[protocols]]
name = "Test film"
source = "colour pattern"
object = "SC"
series_description = "Test film"
multi_frame = true
burned_in_annotation = false
"""
