package org.alexnet.formats.caffe;

import org.alexnet.AlexNetException;
import org.alexnet.InvalidNetworkException;

/** The words of a text, without comments. */
final class Tokens {
  private static final String MARKS = "{}[]:;,<>";

  private final String file;
  private final String text;
  private int at;
  private int line = 1;
  private boolean quoted;
  private String next;

  Tokens(String file, String text) {
    this.file = file;
    this.text = text;
    advance();
  }

  /** The next word; empty at the end. */
  String peek() {
    return quoted ? "\"" : next;
  }

  /** Takes the next word. */
  String next() {
    String word = peek();
    advance();
    return word;
  }

  /** Takes the next word if it is this. */
  boolean accept(String word) {
    if (peek().equals(word)) {
      advance();
      return true;
    }
    return false;
  }

  /** Takes a value: a text without its quotes, a number or a name. */
  String value() {
    if (!quoted && (next.isEmpty() || MARKS.contains(next))) {
      throw wrong("a value is expected, not " + (next.isEmpty() ? "the end" : next));
    }
    StringBuilder value = new StringBuilder(next);
    boolean text = quoted;
    advance();
    while (text && quoted) { // texts beside each other are one
      value.append(next);
      advance();
    }
    return value.toString();
  }

  private void advance() {
    skip();
    quoted = false;
    if (at == text.length()) {
      next = "";
      return;
    }
    char first = text.charAt(at);
    if (first == '"' || first == '\'') {
      quote(first);
    } else if (MARKS.indexOf(first) >= 0) {
      next = String.valueOf(first);
      at++;
    } else {
      int begin = at;
      while (at < text.length() && isWord(text.charAt(at))) {
        at++;
      }
      if (at == begin) {
        throw wrong(
            "the character %s is not expected"
                .formatted(InvalidNetworkException.shortened(String.valueOf(first))));
      }
      next = text.substring(begin, at);
    }
  }

  private void skip() {
    while (at < text.length()) {
      char c = text.charAt(at);
      if (c == '#') {
        int end = text.indexOf('\n', at);
        at = end < 0 ? text.length() : end;
      } else if (Character.isWhitespace(c)) {
        line += c == '\n' ? 1 : 0;
        at++;
      } else {
        return;
      }
    }
  }

  private void quote(char mark) {
    int begin = ++at;
    while (at < text.length() && text.charAt(at) != mark && text.charAt(at) != '\n') {
      at += text.charAt(at) == '\\' ? 2 : 1;
    }
    if (at >= text.length() || text.charAt(at) != mark) {
      throw wrong("a text has no closing quote");
    }
    next = text.substring(begin, at++);
    quoted = true;
  }

  private static boolean isWord(char c) {
    return (c >= 'a' && c <= 'z')
        || (c >= 'A' && c <= 'Z')
        || (c >= '0' && c <= '9')
        || c == '_'
        || c == '-'
        || c == '+'
        || c == '.';
  }

  /** The line that is read. */
  int line() {
    return line;
  }

  AlexNetException wrong(String what) {
    return wrong(line, what);
  }

  AlexNetException wrong(int where, String what) {
    return new AlexNetException("%s, line %d: %s.".formatted(file, where, what));
  }
}
