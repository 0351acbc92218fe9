// The messages of one conversation on the screen. It takes the same events again without harm: what
// an event names by an id is put in the place of what had that id.
import * as announce from './announce.js';
import {cardList} from './cards.js';
import {clean, make} from './dom.js';
import {MarkdownView} from './markdown.js';
import {noteElement, purchaseElement} from './records.js';
import {StepGroup} from './steps.js';

export class Transcript {
  #root;
  #choose;
  #texts = new Map();      // message -> {text, element, view, drawn}
  #calls = new Map();      // call -> {step, group}
  #cards = new Map();      // call -> element
  #purchases = new Map();  // attempt -> {purchase, element}
  #users = new Set();
  #group = null;           // what the next step is added to
  #isStopped = false;
  #answerNote = null;      // the note about an answered question, until its purchase is here

  /// `choose` gets the words that name a chosen product.
  constructor(root, choose) {
    this.#root = root;
    this.#choose = choose;
  }

  get isEmpty() {
    return !this.#root.hasChildNodes();
  }

  load(messages, purchases = []) {
    this.#root.replaceChildren();
    this.#isStopped = false;
    for (const known of [this.#texts, this.#calls, this.#cards, this.#purchases, this.#users]) {
      known.clear();
    }
    this.#group = null;
    this.#answerNote = null;
    for (const message of messages) this.#addMessage(message);
    for (const purchase of purchases) {
      if (!this.#purchases.has(purchase.attempt)) this.#addPurchase(purchase);
    }
  }

  #append(element) {
    this.#group = null;
    this.#root.append(element);
  }

  #addMessage(message) {
    if (message.role === 'user') return this.#addUser(message);
    if (message.role === 'assistant') {
      if (message.content) {
        this.#setText(message.id, message.content);
        this.#draw(message.id);
      }
      for (const call of message.toolCalls ?? []) {
        this.#startCall(call.id, call.function.name);
        this.#calls.get(call.id).step.addArguments(call.function.arguments ?? '');
      }
      return;
    }
    if (message.toolCallId) this.#finishCall(message.toolCallId, message.content, message.error);
    if (message.cards?.length > 0) this.#addCards(message.toolCallId, message.cards);
    if (message.note) this.addNote(message.note);
    if (message.purchase) this.#addPurchase(message.purchase);
  }

  #addUser(message) {
    if (this.#users.has(message.id)) return;
    this.#users.add(message.id);
    this.endTurn();
    this.#append(make('article', {class: 'user', 'aria-label': 'You'},
                      make('p', {dir: 'auto'}, clean(message.content))));
  }

  // --- sentences ---

  #setText(id, text) {
    let entry = this.#texts.get(id);
    if (!entry) {
      const element = make('article', {class: 'assistant', 'aria-label': 'Assistant', dir: 'auto'});
      entry = {text: '', element, view: new MarkdownView(element), drawn: true};
      this.#texts.set(id, entry);
    }
    entry.text = text;
    if (!entry.element.isConnected && text.trim() !== '') this.#append(entry.element);
    if (entry.drawn) {
      entry.drawn = false;
      requestAnimationFrame(() => this.#draw(id));
    }
  }

  #draw(id) {
    const entry = this.#texts.get(id);
    if (!entry || entry.drawn) return;
    entry.drawn = true;
    entry.view.show(entry.text);
  }

  #textOf(id) {
    return this.#texts.get(id)?.text ?? '';
  }

  // --- steps and cards ---

  #startCall(id, tool) {
    if (this.#calls.has(id)) return;
    if (this.#group === null) {
      this.#group = new StepGroup();
      this.#root.append(this.#group.element);
    }
    this.#calls.set(id, {step: this.#group.add(tool), group: this.#group});
  }

  #finishCall(id, content, failed = false) {
    const call = this.#calls.get(id);
    if (!call) return;
    call.step.finish(content ?? '', failed);
    call.group.update();
  }

  #addCards(id, cards) {
    const element = cardList(cards, this.#choose);
    const old = this.#cards.get(id);
    this.#cards.set(id, element);
    if (old) return old.replaceWith(element);
    const call = this.#calls.get(id);
    if (call && call.group !== this.#group) return call.group.element.after(element);
    this.#append(element);
  }

  // --- records ---

  #addPurchase(purchase) {
    const element = purchaseElement(purchase);
    const old = this.#purchases.get(purchase.attempt)?.element;
    this.#purchases.set(purchase.attempt, {purchase, element});
    if (this.#answerNote) {
      if (purchase.state === 'done' || purchase.state === 'void') this.#answerNote.remove();
      this.#answerNote = null;
    }
    if (old) old.replaceWith(element); else this.#append(element);
  }

  addNote(text, kind) {
    if (!text) return null;
    const element = noteElement(text, kind);
    this.#append(element);
    return element;
  }

  /// What was answered stays until its purchase says more. The steps go on above it.
  #noteAnswer(message) {
    const group = this.#group;
    this.#answerNote = this.addNote(message);
    this.#group = group;
  }

  // --- events ---

  /// Nothing comes any more for steps without a result.
  endTurn() {
    for (const {group} of this.#calls.values()) group.update(true);
    // Some models name their calls alike in every turn.
    this.#calls.clear();
    this.#cards.clear();
    this.#group = null;
  }

  apply(event) {
    switch (event.type) {
      case 'MESSAGES_SNAPSHOT':
        return this.load(event.messages,
                         [...this.#purchases.values()].map((known) => known.purchase));
      case 'TEXT_MESSAGE_START': return this.#setText(event.messageId, '');
      case 'TEXT_MESSAGE_CONTENT':
        this.#setText(event.messageId, this.#textOf(event.messageId) + event.delta);
        return announce.sentences(event.messageId, this.#textOf(event.messageId), false);
      case 'TEXT_MESSAGE_END':
        return announce.sentences(event.messageId, this.#textOf(event.messageId), true);
      case 'TOOL_CALL_START': return this.#startCall(event.toolCallId, event.toolCallName);
      case 'TOOL_CALL_ARGS':
        return this.#calls.get(event.toolCallId)?.step.addArguments(event.delta);
      case 'TOOL_CALL_RESULT':
        return this.#finishCall(event.toolCallId, event.content, event.error);
      case 'RUN_ERROR':
        this.endTurn();
        if (this.#isStopped) return;
        this.addNote(event.message, 'warning');
        return announce.sentences('', event.message ?? '', true);
      case 'RUN_STARTED':
        this.#isStopped = false;
        return;
      case 'RUN_FINISHED': return this.endTurn();
      case 'CUSTOM': return this.#applyOwn(event.name, event.value ?? {});
    }
  }

  #applyOwn(name, value) {
    switch (name) {
      case 'cartpilot.user_message': return this.#addUser(value.message);
      case 'cartpilot.cards':
        if (value.cards.length > 0) this.#addCards(value.toolCallId, value.cards);
        return;
      case 'cartpilot.purchase': return this.#addPurchase(value);
      case 'cartpilot.question':
        if (!value.open) this.#noteAnswer(value.message);
        return;
      case 'cartpilot.notice': return this.addNote(value.text);
      case 'cartpilot.stopped':
        this.endTurn();
        this.#isStopped = true;
        return this.addNote('You stopped the answer.');
    }
  }
}
