# Of what cargo test printed: the failures of every test program, each cut to its first lines, and all their names at the end.
BEGIN { lines = 40; print "\n=== What failed" }
/^failures:$/ { told = 1; cut = 0; next }
/^test result: FAILED/ { told = 0; counts = counts $0 "\n" }
/^---- / { cut = 0 }
told && ++cut <= lines { print substr($0, 1, 400) }
told && cut == lines + 1 { print "    ..." }
/^test .*FAILED$/ { names = names $0 "\n" }
END { printf "=== In short\n%s%s", counts, names }
