// The list of conversations: search, rename, delete, export.
import * as api from './api.js';
import {clean, dayText, make, part, put} from './dom.js';
import * as dialogs from './dialogs.js';

const kRefreshMs = 15000;
const kTypingMs = 250;

export const titleOf = (conversation) => clean(conversation.title) || 'New conversation';
const pathOf = (id, rest = '') => `/api/conversations/${encodeURIComponent(id)}${rest}`;

export class ConversationList {
  #listeners;
  #conversations = [];
  #current = '';
  #opened = '';   // whose actions are shown
  #chosen = null; // what a dialog is about
  #asked = 0;
  #drawn = '';
  #timer = 0;

  /// `listeners`: deleted(id), renamed(id, title), chosen().
  constructor(listeners) {
    this.#listeners = listeners;
    part('search').addEventListener('input', () => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.refresh(), kTypingMs);
    });
    dialogs.prepare(part('rename-dialog'), () => this.#rename());
    dialogs.prepare(part('delete-dialog'), () => this.#delete());
    document.addEventListener('visibilitychange', () => this.refresh());
    setInterval(() => this.refresh(), kRefreshMs);
  }

  setCurrent(id) {
    this.#current = id;
    this.#draw();
  }

  /// Asks the program for the list. What cannot be had leaves the list as it is.
  async refresh() {
    if (document.hidden || part('list').hidden) return;
    const mine = ++this.#asked;
    const search = part('search').value.trim();
    try {
      const query = search ? `?search=${encodeURIComponent(search)}` : '';
      const {conversations} = await api.get(`/api/conversations${query}`);
      if (mine !== this.#asked) return;
      this.#conversations = conversations;
      const count = conversations.length;
      const found = count === 0 ? 'Nothing found.' : `${count} found.`;
      put(part('list-status'), search ? found : '');
      this.#draw();
    } catch (error) {
      // Without an answer the conversation says so.
      const known = error.status === 401 || error.status === 0;
      if (mine === this.#asked && !known) put(part('list-status'), error.message);
    }
  }

  #draw() {
    const state = JSON.stringify([this.#conversations, this.#current, this.#opened]);
    if (state === this.#drawn) return;
    this.#drawn = state;
    const focused = document.activeElement?.dataset?.key;
    part('conversations').replaceChildren(...this.#conversations.map((one) => this.#row(one)));
    if (!focused) return;
    const again = [...part('conversations').querySelectorAll('[data-key]')].find(
      (element) => element.dataset.key === focused);
    (again ?? part('new-button')).focus();
  }

  #row(one) {
    const title = titleOf(one);
    const state = one.asks ? 'asks you' : one.running ? 'is answering' : '';
    const isOpen = this.#opened === one.id;
    const more = `more-${one.id}`;
    return make('li', {},
      make('div', {class: 'entry'},
        make('a', {href: `#c/${encodeURIComponent(one.id)}`, 'data-key': `open ${one.id}`,
                   'aria-current': one.id === this.#current ? 'page' : null,
                   onclick: () => this.#listeners.chosen()},
          make('span', {class: 'name', dir: 'auto'}, title),
          make('span', {class: 'when'},
            state ? make('span', {class: one.asks ? 'state asks' : 'state'}, state)
                  : dayText(one.updated_unix_ms))),
        make('button', {type: 'button', class: 'plain', 'data-key': `more ${one.id}`,
                        'aria-expanded': String(isOpen), 'aria-controls': isOpen ? more : null,
                        'aria-label': `Actions for ${title}`,
                        onclick: () => this.#toggle(one.id)}, '⋯')),
      isOpen ? make('div', {class: 'actions', id: more},
        this.#action(one, 'Rename', () => this.#askToRename(one)),
        this.#action(one, 'Export as Markdown', () => this.#export(one, 'md')),
        this.#action(one, 'Export as JSON', () => this.#export(one, 'json')),
        this.#action(one, 'Delete', () => this.#askToDelete(one))) : null);
  }

  #action(one, name, act) {
    return make('button', {type: 'button', class: 'plain', 'data-key': `${name} ${one.id}`,
                           onclick: act}, name);
  }

  #toggle(id) {
    this.#opened = this.#opened === id ? '' : id;
    this.#draw();
  }

  #askToRename(one) {
    this.#chosen = one;
    part('rename-title').value = titleOf(one);
    dialogs.show(part('rename-dialog'));
    part('rename-title').select();
  }

  async #rename() {
    const title = part('rename-title').value.trim();
    if (title === '') throw new Error('Type a title.');
    await api.patch(pathOf(this.#chosen.id), {title});
    this.#listeners.renamed(this.#chosen.id, title);
    await this.refresh();
  }

  #askToDelete(one) {
    this.#chosen = one;
    put(part('delete-text'), `The messages of “${titleOf(one)}” are deleted. The records of ` +
                             'purchases and orders stay.');
    dialogs.show(part('delete-dialog'));
  }

  async #delete() {
    const {id} = this.#chosen;
    await api.remove(pathOf(id));
    this.#opened = '';
    this.#listeners.deleted(id);
    await this.refresh();
  }

  async #export(one, format) {
    try {
      const answer = await api.open('GET', pathOf(one.id, `/export?format=${format}`));
      const named = /filename="([^"/\\]+)"/.exec(answer.headers.get('Content-Disposition') ?? '');
      const address = URL.createObjectURL(await answer.blob());
      make('a', {href: address, download: named?.[1] ?? `conversation.${format}`}).click();
      setTimeout(() => URL.revokeObjectURL(address), 60000);
      put(part('list-status'), `“${titleOf(one)}” is being saved.`);
    } catch (error) {
      if (error.status !== 401) put(part('list-status'), error.message);
    }
  }
}
