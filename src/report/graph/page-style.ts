import { drawingStyle } from './style.ts';
import { dark, light, MONO, SANS, type Theme } from './theme.ts';

/** The style of the page around the drawing. */
export const pageStyle = (): string =>
  [variables(':root', light), `@media (prefers-color-scheme:dark){${variables(':root', dark)}}`, drawingStyle('#picture'), PAGE].join('\n');

const variables = (root: string, theme: Theme): string =>
  `${root}{color-scheme:${theme === dark ? 'dark' : 'light'};--page:${theme.page};--text:${theme.text};--dim:${theme.dim};--line:${theme.line};--mark:${theme.mark};--heat:${theme.heat};${[
    ...Object.entries(theme.tones).map(([tone, { frame, fill }]) => `--${tone}:${frame};--${tone}-fill:${fill}`),
    `--edge:${theme.edges.live};--accent:${theme.solid.suffix.fill};--accent-text:${theme.solid.suffix.text}`,
  ].join(';')}}`;

const PAGE = `
*{box-sizing:border-box}
html,body{height:100%;margin:0}
body{display:grid;grid-template:auto 1fr/1fr 0;background:var(--page);color:var(--text);font:14px/1.45 ${SANS};overflow:hidden}
body.open{grid-template-columns:1fr min(420px,45vw)}
header{grid-column:1/-1;display:flex;flex-wrap:wrap;gap:8px 20px;align-items:center;padding:10px 20px;border-bottom:1px solid var(--line)}
header>div:first-child{flex:1 1 320px;min-width:0}
h1{font-size:17px;margin:0;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
header p{margin:0;color:var(--dim);font-size:12.5px}
.tools{display:flex;flex-wrap:wrap;gap:8px 14px;align-items:center;font-size:13px}
button,input[type=search]{font:inherit;color:inherit;background:var(--page);border:1px solid var(--line);border-radius:6px;padding:4px 10px}
button{cursor:pointer}
button:hover{border-color:var(--dim)}
input[type=search]{width:200px}
:focus-visible{outline:2px solid var(--accent);outline-offset:1px}
fieldset{border:0;margin:0;padding:0}
fieldset label{margin-left:10px}
legend{float:left;padding:0;color:var(--dim)}
label{cursor:pointer;white-space:nowrap}
.zoom{display:flex;gap:4px}
#count{color:var(--dim);min-width:4.5em;font-variant-numeric:tabular-nums}
main{position:relative;min-width:0;min-height:0}
#picture{position:absolute;inset:0;width:100%;height:100%;cursor:grab;touch-action:none;user-select:none;-webkit-user-select:none}
#picture.dragging{cursor:grabbing}
#picture .node{cursor:pointer}
#picture .node:focus{outline:none}
#picture .node:hover .frame{stroke-width:2}
#picture .node.selected .frame,#picture .node:focus-visible .frame{stroke:var(--mark);stroke-width:2.5;stroke-dasharray:none}
#picture.searching .node{opacity:.28}
#picture.searching .node.hit,#picture.searching .node.selected{opacity:1}
#picture .node.hit .frame{stroke-width:2.5}
#minimap{position:absolute;right:14px;bottom:14px;border:1px solid var(--line);border-radius:6px;background:var(--page);cursor:pointer;opacity:.94}
#key{position:absolute;left:14px;bottom:14px;display:flex;flex-wrap:wrap;gap:4px 16px;max-width:calc(100% - 270px);padding:6px 12px;background:var(--page);border:1px solid var(--line);border-radius:6px;font-size:12px;margin:0;list-style:none}
#key li{display:flex;align-items:center;gap:7px}
#key i{width:20px;height:12px;border:1.5px solid;border-radius:3px}
#key .prefix{border-color:var(--prefix);background:var(--prefix-fill)}
#key .suffix{border-color:var(--suffix);background:var(--suffix-fill)}
#key .load{border-color:var(--load);background:var(--load-fill)}
#key .identity{border:1.5px dashed var(--identity)}
#key .removed{border-color:var(--removed);background:var(--removed-fill)}
#key .feature{border-color:var(--prefix);background:var(--prefix);border-radius:6px}
#key .heat{height:4px;border:0;background:var(--heat);border-radius:2px}
#panel{overflow:auto;border-left:1px solid var(--line);padding:14px 18px 40px;position:relative}
#close{position:absolute;right:12px;top:12px}
#panel h2{font:600 15px ${MONO};margin:4px 44px 2px 0;overflow-wrap:anywhere}
#panel h3{font-size:12px;margin:12px 0 2px;color:var(--dim);font-weight:600}
#panel p{margin:4px 0;overflow-wrap:anywhere}
#panel .class{color:var(--dim);margin-top:0}
#panel ul{margin:0;padding:0;list-style:none;font:12px/1.5 ${MONO};overflow-wrap:anywhere}
#panel pre{margin:4px 0;padding:8px 10px;font:11.5px/1.5 ${MONO};border:1px solid var(--line);border-radius:6px;overflow:auto;max-height:360px;white-space:pre-wrap;overflow-wrap:anywhere}
#panel .line{display:block;padding-left:2ch;text-indent:-2ch}
#panel pre .line:only-child{padding:0;text-indent:0}
#panel .run{margin-top:18px}
#panel summary{cursor:pointer;font-size:12px;font-weight:600;color:var(--dim);margin-top:12px}
#panel .fate{border-left:3px solid var(--dim);padding:2px 0 2px 9px}
#panel .fate.prefix{border-color:var(--prefix)}
#panel .fate.suffix{border-color:var(--suffix)}
#panel .refused{color:var(--dim);padding-left:12px}
section.layer+section.layer{border-top:1px solid var(--line);margin-top:18px;padding-top:12px}
.time{display:grid;grid-template-columns:1fr auto;gap:1px 10px;width:100%;border:0;border-radius:4px;padding:3px 4px;text-align:left;font-size:12px}
.time .who{font-family:${MONO};overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.time .value{font-variant-numeric:tabular-nums;color:var(--dim)}
.time .bar{grid-column:1/-1;height:5px;border-radius:2px;background:var(--heat);min-width:1px}
.time .peer{background:var(--edge);height:4px}
[hidden]{display:none!important}
.unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
@media (max-width:720px){body.open{grid-template:auto 1fr 45vh/1fr}#panel{border-left:0;border-top:1px solid var(--line)}#key{display:none}}
`;
