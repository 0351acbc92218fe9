// The one open question about a purchase, in view whatever conversation is on the screen. The
// program decides what an answer counts; the code is asked for only after the end of the receipt
// has been on the screen.
import * as announce from './announce.js';
import * as api from './api.js';
import {clean, make, part, put} from './dom.js';

const kLookMs = 2000;
const kLookHiddenMs = 10000;
const kTypingMs = 1500;  // who typed this short a time ago keeps the focus
const kLastShownMs = 20000;
const kClosed = 'The question is closed: it was answered elsewhere, its time is over, or the ' +
                'program that asked has ended.';
const kGone = 'The program that showed this page does not answer. Nothing can be approved here.';

export class Approval {
  #listeners;
  #current = null;    // the question on the screen
  #answerToken = '';
  #asking = false;    // the code is being asked for
  #sending = false;   // an answer is on its way
  #ending = 0;        // when the question ends, on this page's clock
  #lastTyped = -kTypingMs;
  #strayKey = -kTypingMs;  // when a letter fell on a button
  #timer = 0;
  #lastTimer = 0;
  #active = false;
  #observer;
  #conversation = '';  // the one on the screen

  /// `listeners`: waiting(bool), focusMessage().
  constructor(listeners) {
    this.#listeners = listeners;
    this.#observer = new IntersectionObserver((entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      requestAnimationFrame(() => requestAnimationFrame(() => this.#askForCode()));
    });
    part('no').addEventListener('keydown', (event) => {
      if (event.key.length === 1 && event.key !== ' ') this.#strayKey = performance.now();
    });
    part('no').addEventListener('click', (event) => {
      // A blank between words that were meant for another field is no answer.
      const typing = event.detail === 0 && performance.now() - this.#strayKey < kTypingMs;
      if (!typing) this.#answer('decline', {});
    });
    part('answer').addEventListener('submit', (event) => {
      event.preventDefault();
      this.#answer('answer', {typed: part('typed').value});
    });
    part('fold').addEventListener('click', () => this.#fold(!part('approval-body').hidden));
    part('answered-close').addEventListener('click', () => {
      this.#showLast('');
      this.#listeners.focusMessage();
    });
    document.addEventListener('input', (event) => {
      if (!part('approval').contains(event.target)) this.#lastTyped = performance.now();
    });
    document.addEventListener('visibilitychange', () => this.#lookSoon(document.hidden));
    // Under an open dialog the receipt is covered.
    document.addEventListener('close', () => this.#observe(), true);
    setInterval(() => this.#countDown(), 1000);
  }

  start() {
    this.#active = true;
    this.#lookSoon(false);
  }

  /// Nobody is known here any more.
  stop() {
    this.#active = false;
    clearTimeout(this.#timer);
    this.#forget();
    this.#showLast('');
  }

  /// The conversation on the screen is another one.
  setConversation(id) {
    this.#conversation = id;
    this.#putOrigin();
    this.#showLast('');
  }

  /// An event said that a question was opened or closed.
  changed(value) {
    if (!value.open && this.#current?.id === value.id && !this.#sending) {
      return this.#end(value.message || kClosed);
    }
    this.#lookSoon(false);
  }

  // --- the question on the screen ---

  #forget() {
    this.#current = null;
    this.#answerToken = '';
    this.#observer.disconnect();
    part('receipt').replaceChildren();
    part('typed').value = '';
    part('problem').textContent = '';
    part('answer').hidden = true;
    part('approval').hidden = true;
    part('skip-approval').hidden = true;
    document.body.classList.remove('asked');
    announce.urgent('');
    this.#listeners.waiting(false);
  }

  #put(question) {
    this.#forget();
    this.#showLast('');
    this.#current = question;
    this.#ending = performance.now() + question.seconds_left * 1000;
    part('question-title').textContent = clean(question.title);
    const total = question.rows.find((row) => row.kind === 'total');
    part('question-total').textContent = total ? clean(total.value) : '';
    part('receipt').replaceChildren(...question.rows.map((row) =>
      make('div', {class: row.kind}, make('dt', {}, clean(row.label)),
           make('dd', {}, clean(row.value)))));
    part('no').textContent = question.buys ? 'No, do not buy' : 'No';
    part('yes').textContent = question.buys ? 'Buy' : 'Agree';
    part('read-on').hidden = false;
    part('approval').hidden = false;
    part('skip-approval').hidden = false;
    document.body.classList.add('asked');
    this.#fold(false);
    part('approval-body').scrollTop = 0;
    this.#putOrigin();
    this.#countDown();
    this.#listeners.waiting(true);
    announce.urgent('A question waits for your answer.');
    if (this.#mayTakeFocus()) part('question-title').focus();
    this.#observe();
  }

  #putOrigin() {
    const origin = part('question-from');
    origin.replaceChildren();
    const question = this.#current;
    if (!question?.conversation || question.conversation === this.#conversation) return;
    origin.append('It belongs to the conversation ', this.#linkTo(question), '.');
  }

  #linkTo(question) {
    return make('a', {href: `#c/${encodeURIComponent(question.conversation)}`},
                clean(question.conversation_title) || 'without a title');
  }

  /// Somebody who is typing goes on; what they type must not fall on a button.
  #mayTakeFocus() {
    if (document.querySelector('dialog[open]')) return false;
    if (!document.activeElement?.value) return true;
    return performance.now() - this.#lastTyped >= kTypingMs;
  }

  #fold(folded) {
    part('approval-body').hidden = folded;
    part('fold').textContent = folded ? 'Show' : 'Fold';
    part('approval').classList.toggle('folded', folded);
    this.#observe();
  }

  #observe() {
    this.#observer.disconnect();
    if (this.#current && !this.#answerToken) this.#observer.observe(part('receipt-end'));
  }

  async #askForCode() {
    const question = this.#current;
    if (!question || this.#answerToken || this.#asking) return;
    if (part('approval-body').hidden || document.querySelector('dialog[open]')) return;
    this.#asking = true;
    let shown;
    try {
      shown = await api.post('/api/question/shown', {token: question.token});
    } catch (error) {
      if (this.#current === question) this.#fail(error);
      return;
    } finally {
      this.#asking = false;
    }
    if (this.#current !== question) return this.#observe();
    this.#observer.disconnect();
    this.#answerToken = shown.token;
    this.#ending = performance.now() + shown.seconds_left * 1000;
    part('request').textContent = clean(shown.request);
    part('typed').value = '';
    part('read-on').hidden = true;
    part('answer').hidden = false;
    this.#countDown();
    const focused = document.activeElement;
    const mine = focused === document.body || part('approval').contains(focused);
    part('answer').scrollIntoView({block: 'nearest'});
    if (mine && this.#mayTakeFocus()) part('no').focus({preventScroll: true});
  }

  async #answer(way, body) {
    const question = this.#current;
    if (!this.#answerToken) return;
    const token = this.#answerToken;
    this.#answerToken = '';
    this.#sending = true;
    let reply;
    try {
      reply = await api.post(`/api/question/${way}`, {...body, token});
    } catch (error) {
      if (this.#current === question) this.#fail(error);
      return;
    } finally {
      this.#sending = false;
    }
    if (this.#current !== question) return;
    if (!['retry', 'again', 'stale'].includes(reply.outcome)) return this.#end(reply.message);
    part('problem').textContent = reply.message;
    await this.#askForCode();
  }

  #fail(error) {
    if (error.status === 401) return;
    this.#end(error.status === 0 ? kGone : error.message);
  }

  /// The history of the conversation on the screen says by itself what came of its question.
  #end(message) {
    const question = this.#current;
    const hadFocus = part('approval').contains(document.activeElement);
    this.#forget();
    announce.urgent(message);
    const inHistory = question.conversation === this.#conversation && message !== kGone;
    if (!inHistory) this.#showLast(message, question);
    if (hadFocus && inHistory) this.#listeners.focusMessage();
    else if (hadFocus) part('answered').focus();
    this.#lookSoon(false);
  }

  /// What came of the last answer; '' takes it away.
  #showLast(message, question) {
    const text = part('answered-text');
    text.replaceChildren(clean(message));
    if (question?.conversation && question.conversation !== this.#conversation) {
      text.append(' (', this.#linkTo(question), ')');
    }
    part('answered').hidden = message === '';
    clearTimeout(this.#lastTimer);
    if (message === '' || message === kGone) return;
    this.#lastTimer = setTimeout(() => {
      if (!part('answered').contains(document.activeElement)) this.#showLast('');
    }, kLastShownMs);
  }

  #countDown() {
    if (!this.#current) return;
    const seconds = Math.max(0, Math.ceil((this.#ending - performance.now()) / 1000));
    put(part('time-left'), `${seconds} seconds left. No answer is a no.`);
    part('approval').classList.toggle('soon', seconds <= 30);
  }

  // --- looking for questions ---

  #lookSoon(later) {
    if (!this.#active) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#look(), later ? kLookHiddenMs : 0);
  }

  async #look() {
    let waitMs = document.hidden ? kLookHiddenMs : kLookMs;
    try {
      this.#take(await api.get('/api/question'));
    } catch (error) {
      if (error.status === 401) return;
      waitMs = Math.max(waitMs, error.retryAfterMs ?? 0);
      if (error.status === 0 && this.#current && !this.#sending) this.#end(kGone);
    }
    if (!this.#active) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#look(), waitMs);
  }

  #take({waiting, question}) {
    if (!this.#active || this.#sending) return;
    if (part('answered-text').textContent === kGone) this.#showLast('');
    const others = waiting - (question ? 1 : 0);
    put(part('others'),
        others > 0 ? `${others} more ${others === 1 ? 'question waits' : 'questions wait'}.` : '');
    if (question) {
      if (this.#current?.id !== question.id) return this.#put(question);
      this.#ending = performance.now() + question.seconds_left * 1000;
    } else if (this.#current) {
      this.#end(kClosed);
    }
  }
}
