"""Reports: one self-contained page of HTML, dark or light as its reader has it, with pictures in SVG."""
