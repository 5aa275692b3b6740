package org.alexnet.pictures.page;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class HtmlTest {
  @Test
  void textsAndAttributesAreHarmless() {
    assertEquals(
        "<p title=\"&quot;&#39;&gt;\">&lt;b&gt;&amp;amp; x gpj.</p>\n",
        new Html().element("p", "<b>&amp;\u0001x\u202egpj.", "title", "\"'>").toString());
    assertEquals(
        "<pre>{\n  \"a\" 1\n}</pre>\n".replace("\"", "&quot;"),
        new Html().element("pre", "{\n  \"a\"\u001b1\n}").toString());
  }
}
