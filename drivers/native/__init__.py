"""Files that scanners wrote themselves: full depth, with geometry and technique of their own."""
