// The events of one conversation. A lost connection is opened again, after the last event that
// came. A hidden tab holds no connection: a browser allows six to one host.
import * as api from './api.js';

const kFirstWaitMs = 500;
const kMaxWaitMs = 15000;
const kSilenceMs = 45000;  // the program writes a comment every 15 s

/// Splits a text/event-stream into {id, data}. Feed it pieces in any cut.
export class EventDecoder {
  #rest = '';
  #id = '';
  #data = [];

  push(piece) {
    const events = [];
    this.#rest += piece;
    const lines = this.#rest.split('\n');
    this.#rest = lines.pop();
    for (const whole of lines) {
      const line = whole.endsWith('\r') ? whole.slice(0, -1) : whole;
      if (line === '') {
        if (this.#data.length > 0) events.push({id: this.#id, data: this.#data.join('\n')});
        this.#data = [];
        continue;
      }
      const [, name, value] = line.match(/^([^:]*):? ?(.*)$/s);
      if (name === 'id') this.#id = value;
      if (name === 'data') this.#data.push(value);
    }
    return events;
  }
}

export class EventStream {
  #path;
  #after;
  #take;
  #tell;
  #abort = null;
  #timer = 0;
  #failures = 0;
  #ended = false;
  #atVisibility = () => this.#goOn();

  /// `take` gets each event; `tell` gets 'open', 'lost', 'paused' or 'gone' (no such conversation).
  constructor(conversation, after, take, tell) {
    this.#path = `/api/conversations/${encodeURIComponent(conversation)}/events`;
    this.#after = after;
    this.#take = take;
    this.#tell = tell;
    document.addEventListener('visibilitychange', this.#atVisibility);
    window.addEventListener('online', this.#atVisibility);
    this.#goOn();
  }

  close() {
    this.#ended = true;
    document.removeEventListener('visibilitychange', this.#atVisibility);
    window.removeEventListener('online', this.#atVisibility);
    this.#cut();
  }

  #cut() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.#abort?.abort();
    this.#abort = null;
  }

  #goOn() {
    if (this.#ended) return;
    if (document.hidden) {
      this.#cut();
      this.#failures = 0;
      this.#tell('paused');
    } else if (this.#abort === null) {
      clearTimeout(this.#timer);
      this.#run();
    }
  }

  async #run() {
    const abort = new AbortController();
    this.#abort = abort;
    let waitMs = 0;
    try {
      await this.#read(abort);
    } catch (error) {
      if (error.status === 404 && !this.#ended) return this.#tell('gone');
      if (error.status === 401) return this.close();
      waitMs = error.retryAfterMs ?? 0;
    }
    if (this.#ended || this.#abort !== abort) return;
    this.#abort = null;
    const longest = Math.min(kMaxWaitMs, kFirstWaitMs * 2 ** this.#failures++);
    // Not all pages come back in the same moment.
    waitMs = Math.max(waitMs, longest * (0.75 + Math.random() / 4));
    if (this.#failures > 1) this.#tell('lost');
    this.#timer = setTimeout(() => this.#goOn(), waitMs);
  }

  async #read(abort) {
    let silence = setTimeout(() => abort.abort(), kSilenceMs);
    try {
      const answer = await api.open('GET', `${this.#path}?after=${encodeURIComponent(this.#after)}`,
                                    undefined, abort.signal);
      if (this.#ended) return;
      this.#tell('open');
      const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
      const decoder = new EventDecoder();
      for (;;) {
        const {value, done} = await reader.read();
        if (done || abort.signal.aborted) return;
        this.#failures = 0;
        clearTimeout(silence);
        silence = setTimeout(() => abort.abort(), kSilenceMs);
        for (const {id, data} of decoder.push(value)) {
          if (abort.signal.aborted) return;
          if (id !== '') this.#after = id;
          this.#take(JSON.parse(data));
        }
      }
    } finally {
      clearTimeout(silence);
    }
  }
}
