// The markdown of a model as elements: paragraphs, headings, lists, code, bold, italic, tables as
// they were written. An address is a link only under its own text, so that the person sees where it
// leads.
import {clean, make} from './dom.js';

const kMaxAddress = 2000;
const kInline = new RegExp([
  '(`+)(?<code>[^`](?:.*?[^`])?)\\1(?!`)',
  '\\[(?<label>[^\\]\\n]*)\\]\\((?<target>[^()\\s]*(?:\\([^()\\s]*\\)[^()\\s]*)*)\\)',
  '\\*\\*(?=\\S)(?<bold>.+?)(?<=\\S)\\*\\*',
  '(?<![\\w*])\\*(?=[^\\s*])(?<italic>[^*]+?)(?<=\\S)\\*(?![\\w*])',
  '(?<![\\w_])_(?=[^\\s_])(?<under>[^_]+?)(?<=\\S)_(?![\\w_])',
  '(?<bare>https?://[^\\s<>"\']+[^\\s<>"\'.,;:!?)\\]])',
].join('|'), 'gs');

/// A link that shows its address, or null when it is no plain web address.
export function link(address) {
  let url;
  try {
    url = new URL(address);
  } catch {
    return null;
  }
  if (!['http:', 'https:'].includes(url.protocol)) return null;
  if (url.username || url.password || url.href.length > kMaxAddress) return null;
  return make('a', {href: url.href, rel: 'noopener noreferrer', target: '_blank'}, url.href);
}

function inline(text) {
  const nodes = [];
  let from = 0;
  for (const found of text.matchAll(kInline)) {
    const {code, label, target, bold, italic, under, bare} = found.groups;
    if (found.index > from) nodes.push(text.slice(from, found.index));
    from = found.index + found[0].length;
    if (code !== undefined) {
      nodes.push(make('code', {}, code.trim()));
    } else if (target !== undefined) {
      const address = link(target);
      if (address === null) nodes.push(found[0]);
      else if (label === target || label === '') nodes.push(address);
      else nodes.push(...inline(label), ' (', address, ')');
    } else if (bare !== undefined) {
      nodes.push(link(bare) ?? bare);
    } else if (bold !== undefined) {
      nodes.push(make('strong', {}, ...inline(bold)));
    } else {
      nodes.push(make('em', {}, ...inline(italic ?? under)));
    }
  }
  if (from < text.length) nodes.push(text.slice(from));
  return nodes;
}

const kItem = /^(\s*)(?:([-*+])|(\d{1,9})[.)])\s+(.*)$/;

/// The text in pieces that do not depend on each other: paragraphs, lists, fenced code.
function blocksOf(text) {
  const blocks = [];
  let lines = [];
  let fence = '';
  const end = () => {
    if (lines.length > 0) blocks.push(lines.join('\n'));
    lines = [];
  };
  for (const line of text.split('\n')) {
    const mark = line.match(/^\s{0,3}(```+|~~~+)/)?.[1] ?? '';
    if (fence) {
      lines.push(line);
      if (mark.startsWith(fence)) {
        fence = '';
        end();
      }
    } else if (mark) {
      end();
      fence = mark;
      lines.push(line);
    } else if (line.trim() === '') {
      end();
    } else {
      const isItem = kItem.test(line);
      const inList = lines.length > 0 && kItem.test(lines[0]);
      const leaves = isItem ? !inList : inList && !/^\s{2}/.test(line);
      if (leaves || /^#{1,6}\s/.test(line)) end();
      lines.push(line);
      if (/^#{1,6}\s/.test(line)) end();
    }
  }
  end();
  return blocks;
}

function listOf(lines) {
  const [, , mark, number] = lines[0].match(kItem);
  const list = mark ? make('ul') : make('ol', {start: number === '1' ? undefined : number});
  for (const line of lines) {
    const item = line.match(kItem);
    if (item === null) {
      list.lastElementChild.append('\n', ...inline(line.trim()));
    } else if (item[1].length >= 2 && list.lastElementChild) {
      const last = list.lastElementChild;
      let inner = last.lastElementChild;
      if (inner?.tagName !== 'UL') last.append(inner = make('ul'));
      inner.append(make('li', {}, ...inline(item[4])));
    } else {
      list.append(make('li', {}, ...inline(item[4])));
    }
  }
  return list;
}

function elementOf(block) {
  const lines = block.split('\n');
  if (/^\s{0,3}(```|~~~)/.test(block)) {
    const closed = lines.length > 1 && /^\s{0,3}(```+|~~~+)\s*$/.test(lines.at(-1));
    const code = lines.slice(1, closed ? -1 : undefined).join('\n');
    return make('pre', {tabindex: '0'}, make('code', {}, code));
  }
  const heading = block.match(/^(#{1,6})\s+(.*?)\s*#*$/);
  if (heading) return make('p', {class: 'heading'}, make('strong', {}, ...inline(heading[2])));
  if (kItem.test(lines[0])) return listOf(lines);
  if (lines.every((line) => /^\s*\|/.test(line))) {
    return make('pre', {tabindex: '0'}, block);
  }
  if (lines.every((line) => line.startsWith('>'))) {
    return make('blockquote', {}, ...inline(lines.map((line) => line.replace(/^> ?/, ''))
                                                .join('\n')));
  }
  return make('p', {}, ...inline(block));
}

/// Shows a text that grows. What has not changed keeps its elements, and with them a selection.
export class MarkdownView {
  #shown = [];  // {block, element}

  constructor(root) {
    this.root = root;
  }

  show(text) {
    const blocks = blocksOf(clean(text));
    let same = 0;
    while (same < blocks.length && this.#shown[same]?.block === blocks[same]) ++same;
    for (const old of this.#shown.splice(same)) old.element.remove();
    for (const block of blocks.slice(same)) {
      const element = elementOf(block);
      this.#shown.push({block, element});
      this.root.append(element);
    }
  }
}
