// The conversation on the screen: opening it, following its events, sending and stopping.
import * as api from './api.js';
import {part, put} from './dom.js';
import {EventStream} from './events.js';
import {nameOfStep} from './steps.js';
import {Transcript} from './transcript.js';

const kNearEndPx = 80;

/// What another part of the page wants to know: question(value), changed(), title(text), gone().
export class Conversation {
  #transcript;
  #stream = null;
  #listeners;
  #loading = 0;
  #isAtEnd = true;
  #lastTop = 0;
  #taken = 0;  // number of events
  id = '';
  running = false;

  constructor(choose, listeners) {
    this.#listeners = listeners;
    this.#transcript = new Transcript(part('messages'), choose);
    part('log').addEventListener('scroll', () => this.#noteScroll());
    part('newest').addEventListener('click', () => {
      this.#toEnd();
      part('log').focus({preventScroll: true});
    });
    new ResizeObserver(() => this.#follow()).observe(part('messages'));
    new ResizeObserver(() => this.#follow()).observe(part('log'));
  }

  /// Shows a conversation; '' is a new one that does not exist yet.
  async open(id) {
    const mine = ++this.#loading;
    this.#stream?.close();
    this.#stream = null;
    this.id = id;
    this.#setRunning(false);
    this.#transcript.load([]);
    this.#connection('');
    this.#isAtEnd = true;
    this.#update();
    if (id === '') return this.#listeners.title('');
    let found;
    try {
      found = await api.get(`/api/conversations/${encodeURIComponent(id)}`);
    } catch (error) {
      if (mine !== this.#loading || error.status === 401) return;
      if (error.status === 404) return this.#listeners.gone();
      this.#connection(`${error.message} Trying again.`);
      setTimeout(() => mine === this.#loading && this.open(id), error.retryAfterMs || 3000);
      return;
    }
    if (mine !== this.#loading) return;
    this.#listeners.title(found.title);
    this.#transcript.load(found.messages, found.purchases);
    this.#setRunning(found.running);
    this.#update();
    this.#toEnd();
    this.#follow();
    this.#listen(found.events_after);
  }

  close() {
    ++this.#loading;
    this.#stream?.close();
    this.#stream = null;
  }

  /// Throws ApiError.
  async send(text) {
    if (this.id === '') {
      const mine = ++this.#loading;
      const {id} = await api.post('/api/conversations');
      if (mine !== this.#loading) return;
      const {events_after: after} = await api.get(`/api/conversations/${encodeURIComponent(id)}`);
      if (mine !== this.#loading) return;
      this.id = id;
      this.#listen(after);
      this.#listeners.created(id);
    }
    await api.post(`/api/conversations/${encodeURIComponent(this.id)}/messages`, {text});
    this.#isAtEnd = true;
  }

  async stop() {
    if (!this.running) return;
    await api.post(`/api/conversations/${encodeURIComponent(this.id)}/stop`);
  }

  #listen(after) {
    this.#stream = new EventStream(this.id, after, (event) => this.#take(event),
                                   (state) => this.#takeState(state));
  }

  #take(event) {
    if (event.type === 'MESSAGES_SNAPSHOT') this.#learnWhetherItRuns();
    else ++this.#taken;
    this.#transcript.apply(event);
    if (event.type === 'RUN_STARTED') this.#setRunning(true);
    if (event.type === 'RUN_FINISHED' || event.type === 'RUN_ERROR') this.#setRunning(false);
    if (event.type === 'TOOL_CALL_START') this.#working(`${nameOfStep(event.toolCallName)}…`);
    if (event.type === 'TOOL_CALL_RESULT' || event.type === 'TEXT_MESSAGE_START') this.#working();
    if (event.type === 'CUSTOM') {
      const value = event.value ?? {};
      if (event.name === 'cartpilot.title') this.#listeners.title(value.title);
      if (event.name === 'cartpilot.question') this.#listeners.question(value);
      if (event.name === 'cartpilot.retry') {
        this.#working(`${value.reason}; next attempt in ${Math.ceil(value.wait_ms / 1000)} s`);
      }
      if (event.name === 'cartpilot.stopped') this.#setRunning(false);
    }
    this.#update();
  }

  /// Events were lost, the one that ends the turn perhaps; a snapshot holds messages only.
  async #learnWhetherItRuns() {
    const [mine, taken] = [this.#loading, this.#taken];
    try {
      const {running} = await api.get(`/api/conversations/${encodeURIComponent(this.id)}`);
      if (mine === this.#loading && taken === this.#taken) this.#setRunning(running);
    } catch {
      // Without an answer the stream is lost as well, and is opened again.
    }
  }

  #takeState(state) {
    if (state === 'open') this.#connection('');
    if (state === 'lost') this.#connection('The connection is lost. Trying again.');
    if (state === 'gone') this.#listeners.gone();
  }

  #connection(text) {
    put(part('connection'), text);
  }

  #setRunning(running) {
    const changed = this.running !== running;
    this.running = running;
    if (!running && document.activeElement === part('stop')) part('message').focus();
    part('stop').hidden = !running;
    part('send').hidden = running;
    part('working').hidden = !running;
    if (running && changed) this.#working();
    if (changed && this.id !== '') this.#listeners.changed();
  }

  #working(text = 'Working…') {
    put(part('working-text'), text);
  }

  #update() {
    part('empty').hidden = this.id !== '' || !this.#transcript.isEmpty;
    this.#follow();
  }

  // --- scrolling: the newest line stays on the screen unless the person has scrolled away ---

  #noteScroll() {
    const log = part('log');
    const isNear = log.scrollHeight - log.scrollTop - log.clientHeight < kNearEndPx;
    // Text that grows and a field that shrinks move the end away; the person scrolls up.
    if (isNear || log.scrollTop < this.#lastTop) this.#isAtEnd = isNear;
    this.#lastTop = log.scrollTop;
    part('newest').hidden = this.#isAtEnd;
  }

  #toEnd() {
    this.#isAtEnd = true;
    part('log').scrollTop = part('log').scrollHeight;
  }

  #follow() {
    if (this.#isAtEnd) part('log').scrollTop = part('log').scrollHeight;
    else this.#noteScroll();
  }
}
