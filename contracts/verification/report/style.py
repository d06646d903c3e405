"""The style sheet of the HTML report: screen, phone, dark and paper."""

__all__ = ["CSS"]

CSS = """
:root{color-scheme:light dark;--ink:#1b2430;--soft:#4a5868;--paper:#fff;--tint:#f2f5f8;--line:#c9d2dc;--link:#0b4f8a;
--good:#145c32;--goodback:#e3f4e9;--bad:#9a1b1b;--badback:#fdeaea;--rest:#5c4a00;--restback:#fbf3d5}
@media (prefers-color-scheme:dark){:root{--ink:#e6ebf1;--soft:#b3bfcc;--paper:#12171d;--tint:#1c232b;--line:#3a4653;
--link:#8fc4f7;--good:#8fe0ae;--goodback:#12301f;--bad:#ffb1b1;--badback:#3d1618;--rest:#f0d98a;--restback:#332a0c}}
*{box-sizing:border-box}
body{margin:0;font:16px/1.5 system-ui,"Segoe UI",Helvetica,Arial,sans-serif;color:var(--ink);background:var(--paper);
overflow-wrap:anywhere}
main,header,footer{max-width:70rem;margin:0 auto;padding:0 1rem}
h1{font-size:1.5rem;margin:1rem 0 .25rem}h2{font-size:1.2rem;margin:2rem 0 .5rem;border-bottom:1px solid var(--line)}
h3{font-size:1rem;margin:1.25rem 0 .25rem;overflow-wrap:anywhere}
p{margin:.35rem 0}a{color:var(--link)}.soft{color:var(--soft)}
.verdict{padding:.75rem 1rem;border-radius:.4rem;font-weight:600;margin:1rem 0}
.passed{color:var(--good);background:var(--goodback)}.failed{color:var(--bad);background:var(--badback)}
.rest{color:var(--rest);background:var(--restback)}
.mark{display:inline-block;padding:0 .45rem;border-radius:.3rem;font-size:.85rem;font-weight:600;white-space:nowrap}
table{border-collapse:collapse;width:100%;font-size:.92rem}
th,td{text-align:left;vertical-align:top;padding:.35rem .5rem;border-bottom:1px solid var(--line);
overflow-wrap:anywhere}
table.ids th,table.ids td:first-child,table.ids td:nth-child(2){white-space:nowrap;overflow-wrap:normal}
th{color:var(--soft);font-weight:600}td.n{text-align:right;white-space:nowrap}
.box{overflow-x:auto}
.sides{display:grid;grid-template-columns:1fr 1fr;gap:.5rem;margin:.5rem 0}
.sides>div{background:var(--tint);border:1px solid var(--line);border-radius:.3rem;padding:.5rem;min-width:0;
overflow-wrap:anywhere}
.sides b{display:block;font-size:.85rem;color:var(--soft)}
code{font:.92em ui-monospace,Consolas,monospace;overflow-wrap:anywhere}
pre{margin:.35rem 0;padding:.5rem;background:var(--tint);border:1px solid var(--line);border-radius:.3rem;
font:13px/1.45 ui-monospace,Consolas,monospace;white-space:pre-wrap;
overflow-wrap:anywhere;max-height:24rem;overflow:auto}
summary{cursor:pointer;padding:.2rem 0}
section.one{content-visibility:auto;contain-intrinsic-size:auto 300px;padding-bottom:.5rem}
:target{outline:2px solid var(--link);outline-offset:4px}
footer{padding:2rem 1rem;color:var(--soft);font-size:.9rem}
@media (max-width:40rem){.sides{grid-template-columns:1fr}
table.wide,table.wide tbody,table.wide tr,table.wide td{display:block;width:100%}
table.wide thead{position:absolute;clip-path:inset(50%);height:1px;width:1px;overflow:hidden}
table.wide tr{border-bottom:1px solid var(--line);padding:.4rem 0}table.wide td{border:0;padding:.1rem 0}}
.paper{display:none}
@media print{@page{margin:14mm}body{font-size:10pt;line-height:1.35}.paper{display:block}
main,header,footer{max-width:none;padding:0}section,details::details-content{content-visibility:visible;block-size:auto}
.screen{display:none}section.one{padding:0}h3{margin:.6rem 0 0}p{margin:.15rem 0}
.box{overflow:visible!important;height:auto!important}table{font-size:8.5pt}td,th{padding:.15rem .4rem}
pre{white-space:pre-wrap;overflow-wrap:anywhere;overflow:visible!important;height:auto!important;max-height:none;
font-size:8pt}h2,h3{break-after:avoid}tr,.verdict{break-inside:avoid}nav{display:none}}
"""
