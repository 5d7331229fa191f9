"""The tests mirror the packages; the samples they read lie beside them."""
