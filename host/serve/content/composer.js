// The field for a message: Enter sends, Shift+Enter starts a new line, Esc stops an answer.
import {make, part, put} from './dom.js';

const kExamples = [
  'I need wireless headphones under $100',
  'Find a desk lamp for reading',
  'List my orders',
];
const kMaxLines = 8;
const kDraftName = 'cartpilot-draft';  // what was typed before a reload

export class Composer {
  #conversation;
  #sending = false;

  constructor(conversation) {
    this.#conversation = conversation;
    const field = part('message');
    field.value = sessionStorage.getItem(kDraftName) ?? '';
    field.addEventListener('input', () => this.#grow());
    field.addEventListener('keydown', (event) => {
      // While an input method composes, Enter chooses a word.
      if (event.key !== 'Enter' || event.shiftKey || event.isComposing || event.keyCode === 229) {
        return;
      }
      event.preventDefault();
      this.#send();
    });
    part('composer').addEventListener('submit', (event) => {
      event.preventDefault();
      this.#send();
    });
    part('stop').addEventListener('click', () => this.stop());
    document.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape' || event.defaultPrevented || event.isComposing) return;
      if (!conversation.running || document.querySelector('dialog[open]')) return;
      // Whoever reads a receipt answers it there; a stop would take the question away.
      if (part('approval').contains(document.activeElement)) return;
      event.preventDefault();
      this.stop();
    });
    for (const wish of kExamples) {
      const send = () => {
        field.value = wish;
        this.#send();
      };
      const button = make('button', {type: 'button', onclick: send}, wish);
      part('examples').append(make('li', {}, button));
    }
  }

  focus() {
    part('message').focus();
  }

  /// Puts words in the field for the person to send.
  propose(text) {
    const field = part('message');
    field.value = text;
    this.#grow();
    field.focus();
    field.setSelectionRange(text.length, text.length);
  }

  async stop() {
    try {
      await this.#conversation.stop();
      put(part('composer-problem'), '');
    } catch (error) {
      this.#tell(error);
    }
    this.focus();
  }

  async #send() {
    const field = part('message');
    const text = field.value.trim();
    if (text === '' || this.#sending) return;
    if (this.#conversation.running) {
      return put(part('composer-problem'),
                 'An answer is being written. Stop it or wait for its end.');
    }
    this.#sending = true;
    put(part('composer-problem'), '');
    field.readOnly = true;
    try {
      await this.#conversation.send(text);
      field.value = '';
      this.#grow();
    } catch (error) {
      this.#tell(error);
    } finally {
      this.#sending = false;
      field.readOnly = false;
    }
    this.focus();
  }

  #tell(error) {
    if (error.status === 401) return;
    const seconds = Math.ceil(error.retryAfterMs / 1000);
    put(part('composer-problem'),
        seconds > 0 ? `${error.message} Try again in ${seconds} s.` : error.message);
  }

  #grow() {
    const field = part('message');
    sessionStorage.setItem(kDraftName, field.value);
    field.style.height = '';
    if (field.value === '') return;  // a placeholder counts as text in the height
    const line = parseFloat(getComputedStyle(field).lineHeight);
    const border = field.offsetHeight - field.clientHeight;
    field.style.height = `${Math.min(field.scrollHeight + border, line * kMaxLines)}px`;
  }
}
