"""How the page of a failure looks, by day and by night."""

STYLE = """
:root{--paper:#fbfaf8;--card:#fff;--ink:#1f2328;--soft:#656d76;--line:#e4e2dd;--hot:#b42318;--glow:#fdecea;--code:#f6f5f1}
@media(prefers-color-scheme:dark){:root{--paper:#16181c;--card:#1d2025;--ink:#e6e8eb;--soft:#9aa3ad;--line:#30353c;
--hot:#ff8f80;--glow:#3a2220;--code:#191c20}}
*{box-sizing:border-box}
body{margin:0 auto;padding:2.5rem 1.25rem 4rem;max-width:64rem;background:var(--paper);color:var(--ink);
font:16px/1.5 system-ui,sans-serif}
header{border-left:4px solid var(--hot);padding-left:1rem;margin-bottom:2rem}
.app{margin:0;color:var(--soft)}
h1{margin:.2rem 0;font-size:1.7rem;line-height:1.25;overflow-wrap:anywhere}
h1 span,h2 span{color:var(--hot)}
.hint{margin:.4rem 0 0;color:var(--soft);overflow-wrap:anywhere}
section{margin:0 0 2rem}
h2{font-size:1.1rem;overflow-wrap:anywhere}
.link{margin:0 0 .5rem;color:var(--soft);font-style:italic}
article{background:var(--card);border:1px solid var(--line);border-radius:8px;margin:0 0 1rem;overflow:hidden}
h3{margin:0;padding:.55rem 1rem;font-size:.92rem;font-weight:400;border-bottom:1px solid var(--line);color:var(--soft);
overflow-wrap:anywhere}
h3 b{color:var(--ink)}
ol{margin:0;padding:.4rem 0;list-style-position:outside;background:var(--code);overflow-x:auto;
font:13.5px/1.55 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
li{margin-left:4.2rem;padding:0 1rem 0 .6rem;width:max-content;min-width:calc(100% - 4.2rem)}
li::marker{color:var(--soft)}
code,pre{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;white-space:pre}
.blamed{background:var(--glow);box-shadow:inset 3px 0 var(--hot);font-weight:600}
.caret{list-style:none;color:var(--hot);font-weight:700}
.none{margin:0;padding:.6rem 1rem;color:var(--soft)}
details{margin:0 0 1rem}
summary{cursor:pointer;color:var(--soft);padding:.3rem 0}
pre{background:var(--code);border:1px solid var(--line);border-radius:8px;padding:1rem;overflow-x:auto;font-size:13px}
footer{border-top:1px solid var(--line);padding-top:1rem;color:var(--soft)}
""".replace("\n", "")
