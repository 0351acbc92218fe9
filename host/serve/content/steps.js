// What the assistant does between its sentences: a folded list of steps in plain words, with what
// was sent and what came back for whoever opens it.
import {clean, make, put} from './dom.js';

const kMaxShown = 20000;  // characters of one argument or result text

const kNames = {
  create_intent: 'Noting what you want',
  get_intent_offers: 'Searching the shops',
  get_offer_details: 'Reading an offer',
  create_checkout: 'Opening a checkout',
  get_checkout: 'Looking at the checkout',
  quote_checkout: 'Asking the merchant for the price',
  request_approval: 'Preparing the receipt',
  approve_checkout: 'Asking for approval',
  confirm_checkout: 'Placing the order',
  get_order_status: 'Looking at the order',
  list_orders: 'Listing the orders',
};

export const nameOfStep = (tool) => kNames[tool] ?? `Using ${clean(tool)}`;

function parsed(text) {
  try {
    const value = JSON.parse(text);
    return typeof value === 'string' ? JSON.parse(value) : value;
  } catch {
    return null;
  }
}

function counted(count, one) {
  return `${count} ${count === 1 ? one : one + 's'}`;
}

/// A few words about what came back.
function outcome(tool, result) {
  if (result?.error === true) return 'did not work';
  if (!Number.isInteger(result?.total)) return '';
  if (tool === 'get_intent_offers') return counted(result.total, 'offer');
  return tool === 'list_orders' ? counted(result.total, 'order') : '';
}

function shown(text) {
  const value = parsed(text);
  const whole = clean(value === null ? text : JSON.stringify(value, null, 2));
  return whole.length <= kMaxShown ? whole : `${whole.slice(0, kMaxShown)}\n[cut here]`;
}

class Step {
  #arguments = '';
  #result = null;

  constructor(tool) {
    this.tool = tool;
    this.outcome = '';
    this.failed = false;
    this.name = nameOfStep(tool);
    this.words = make('span', {}, this.name);
    this.body = make('div', {class: 'detail'});
    this.details = make('details', {ontoggle: () => this.#fill()}, make('summary', {}, this.words),
                        this.body);
    this.element = make('li', {}, this.details);
  }

  get done() {
    return this.#result !== null;
  }

  addArguments(delta) {
    this.#arguments += delta;
    this.#fill();
  }

  finish(content, failed) {
    this.#result = content;
    const value = parsed(content);
    this.failed = failed || value?.error === true;
    this.outcome = this.failed ? 'did not work' : outcome(this.tool, value);
    put(this.words, this.outcome ? `${this.name}: ${this.outcome}` : this.name);
    this.element.classList.toggle('failed', this.failed);
    this.#fill();
  }

  #fill() {
    if (!this.details.open) return;
    const line = (label, text) => [make('p', {class: 'quiet'}, label),
                                   make('pre', {tabindex: '0'}, shown(text))];
    const lines = line('Sent', this.#arguments || '{}');
    if (this.done) lines.push(...line('Came back', this.#result));
    this.body.replaceChildren(...lines);
  }
}

/// Steps that follow each other without a sentence between them.
export class StepGroup {
  #steps = [];

  constructor() {
    this.list = make('ol');
    this.words = make('span');
    this.element = make('details', {class: 'steps'}, make('summary', {}, this.words), this.list);
  }

  add(tool) {
    const step = new Step(tool);
    this.#steps.push(step);
    this.list.append(step.element);
    this.update();
    return step;
  }

  /// `over`: the turn has ended, what has no result will get none.
  update(over = false) {
    const pending = over ? undefined : this.#steps.find((step) => !step.done);
    this.element.classList.toggle('pending', pending !== undefined);
    if (pending) return put(this.words, `${pending.name}…`);
    const last = this.#steps.at(-1);
    const failed = this.#steps.filter((step) => step.failed).length;
    let text = last.outcome && !last.failed ? `${last.name}: ${last.outcome}` : last.name;
    if (this.#steps.length > 1) text = `${this.#steps.length} steps, the last: ${text}`;
    if (failed > 0) text += failed === this.#steps.length && failed === 1
      ? ' (did not work)' : ` (${failed} did not work)`;
    put(this.words, text);
  }
}
