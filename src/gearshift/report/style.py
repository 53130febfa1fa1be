"""How a report looks: the colours, in light and dark, and the few rules of its page.

The pictures are drawn with these colours by name (drawing.py), so they change with the page.
"""

from __future__ import annotations

# A series of a picture is one of them, in this order; each is told from its neighbours by lightness too.
SERIES = ("one", "two", "three", "four", "five", "six")

STYLE = """
:root{
  --paper:#f5f0e6;--card:#fffdf8;--ink:#1d1a16;--soft:#625a4e;--line:#d6ccba;--accent:#b23a0e;--code:#ebe3d3;
  --good:#2f6d3e;--warm:#8a5f00;--bad:#b3261e;--plain:#625a4e;
  --one:#b23a0e;--two:#2f6f8f;--three:#8a6d1f;--four:#7a4b8c;--five:#3f7d4e;--six:#8f2f57;
  --mono:ui-monospace,"SF Mono","Cascadia Mono",Menlo,Consolas,"DejaVu Sans Mono","Noto Sans CJK SC",monospace;
  --text:"Avenir Next",Avenir,Inter,"Segoe UI","PingFang SC","Microsoft YaHei","Noto Sans CJK SC",system-ui,sans-serif
}
@media (prefers-color-scheme:dark){:root{
  --paper:#0f1011;--card:#17191a;--ink:#efe7d7;--soft:#aaa294;--line:#34373a;--accent:#ff8a5f;--code:#232628;
  --good:#7fc48f;--warm:#e6b450;--bad:#ff8a80;--plain:#aaa294;
  --one:#ff8a5f;--two:#6db6d8;--three:#d9b95b;--four:#c79bd8;--five:#7fc48f;--six:#f08cb4
}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%;scroll-behavior:smooth}
body{margin:0;background:var(--paper);color:var(--ink);font:400 1rem/1.6 var(--text)}
header,main,footer{display:block;max-width:66rem;margin:0 auto;padding:0 clamp(.9rem,3vw,2.5rem)}
header{padding-top:2.2rem}
h1{margin:0;font-size:clamp(1.6rem,5vw,2.3rem);line-height:1.15;letter-spacing:-.02em}
h2{margin:0;font-size:1.5rem;line-height:1.25;letter-spacing:-.015em}
h3{margin:1.6rem 0 .4rem;font-size:1.0625rem;line-height:1.35}
p{margin:.5rem 0;max-width:46rem}
a{color:var(--accent);text-underline-offset:.18em}
code,pre,.mono{font-family:var(--mono);font-size:.875em}
code{background:var(--code);border-radius:.3em;padding:.05em .3em;overflow-wrap:anywhere}
pre{background:var(--code);border-radius:.6rem;padding:.7rem .9rem;overflow-x:auto;line-height:1.45}
.lead{color:var(--soft);font-size:1.0625rem}
section{margin-top:1.6rem;padding:1.5rem clamp(.9rem,2.5vw,1.8rem);background:var(--card);
  border:1px solid var(--line);border-radius:1rem;scroll-margin-top:1rem}
.scroll{overflow-x:auto;margin:.7rem 0}
table{border-collapse:collapse;font-size:.9375rem;font-variant-numeric:tabular-nums;line-height:1.4}
th,td{text-align:left;padding:.35rem 1.2rem .35rem 0;border-bottom:1px solid var(--line);vertical-align:top}
th{color:var(--soft);font-weight:600}
td.number,th.number{text-align:right;white-space:nowrap}
figure{margin:1.3rem 0 .4rem;overflow-x:auto}
figure svg{display:block;width:100%;min-width:36rem;max-width:54rem;height:auto}
figure svg *{stroke-linejoin:round;stroke-linecap:butt}
figcaption{color:var(--soft);font-size:.9375rem;max-width:46rem;position:sticky;left:0}
.mark{display:inline-block;white-space:nowrap;font-weight:700;font-size:.875rem;line-height:1.3;
  border:1.5px solid currentColor;border-radius:1rem;padding:.08rem .6rem}
.good{color:var(--good)}.warm{color:var(--warm)}.bad{color:var(--bad)}.plain{color:var(--plain)}
.findings{list-style:none;margin:1rem 0;padding:0}
.findings>li{border-left:.28rem solid var(--plain);padding:.1rem 0 .1rem 1rem;margin:1.1rem 0}
.findings>li.good{border-color:var(--good)}.findings>li.warm{border-color:var(--warm)}
.findings>li.bad{border-color:var(--bad)}
.findings>li>*{color:var(--ink)}
.findings>li>.mark{color:inherit}
.findings p{margin:.3rem 0}
.findings .claim{font-weight:600;font-size:1.03rem}
.findings .soft{color:var(--soft)}
.soft{color:var(--soft)}
ol.index{margin:.6rem 0 1rem;padding-left:1.6rem;display:grid;
  grid-template-columns:repeat(auto-fit,minmax(min(100%,24rem),1fr));gap:.9rem 2.5rem}
ol.index li{padding-left:.3rem}ol.index a{font-weight:600}ol.index p{margin:.25rem 0 0}
ol.index .soft{font-size:.9375rem}ol.index span.soft{white-space:nowrap}
dl.facts{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:.15rem 1.2rem;margin:.8rem 0;
  font-size:.9375rem}
dl.facts dt{color:var(--soft)}dl.facts dd{margin:0;overflow-wrap:anywhere}
details{margin:.8rem 0}summary{cursor:pointer;color:var(--accent);font-weight:600}
footer{color:var(--soft);font-size:.9375rem;padding-top:1.2rem;padding-bottom:3rem}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px;border-radius:4px}
@media (max-width:34rem){dl.facts{grid-template-columns:minmax(0,1fr)}dl.facts dd{margin-bottom:.4rem}
  section{border-radius:.8rem}th,td{padding-right:.8rem}}
@media print{body{background:#fff}section{break-inside:avoid-page}}
"""
