"""One visitor of the studio, a notebook or an exported page: wishes in, news out. Nothing here knows a socket."""
