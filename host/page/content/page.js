// Shows one open question at a time and sends what the person answers. Everything that comes from
// the program is put into text nodes. The program decides what an answer counts.
'use strict';
(() => {
  const kLookMs = 1000;
  const kLookHiddenMs = 5000;
  const kKeyName = 'cartpilot-page-key';

  const part = (id) => document.getElementById(id);
  const sections = ['pairing', 'question'];
  let key = localStorage.getItem(kKeyName) || '';
  let current = null;  // the question on the screen
  let answerToken = '';
  let asking = false;  // the code is being asked for
  let ending = 0;      // when the question ends, on this page's clock
  let lastWords = '';  // what came of the last answer

  function show(section) {
    for (const name of sections) part(name).hidden = name !== section;
  }

  function say(text) {
    if (part('status').textContent !== text) part('status').textContent = text;
  }

  async function send(method, path, body) {
    const options = {method, cache: 'no-store', credentials: 'same-origin', redirect: 'error',
                     headers: {'X-Page-Key': key}};
    if (body !== undefined) {
      options.headers['Content-Type'] = 'application/json';
      options.body = JSON.stringify(body);
    }
    const answer = await fetch(path, options);
    return {status: answer.status, body: await answer.json()};
  }

  function forget() {
    current = null;
    answerToken = '';
    asking = false;
    observer.disconnect();
    part('receipt').replaceChildren();
    part('typed').value = '';
    part('problem').textContent = '';
    part('answer').hidden = true;
  }

  // --- pairing ---

  function askToPair() {
    if (!part('pairing').hidden) return;
    forget();
    part('others').textContent = '';
    say('This browser is not paired yet.');
    show('pairing');
    part('pairing-code').focus();
  }

  part('pairing').addEventListener('submit', async (event) => {
    event.preventDefault();
    part('pairing-problem').textContent = '';
    let answer;
    try {
      answer = await send('POST', '/pair', {code: part('pairing-code').value});
    } catch {
      return programIsGone();
    }
    if (answer.status !== 200) {
      part('pairing-problem').textContent = answer.body.message;
      part('pairing-code').select();
      return;
    }
    key = answer.body.key;
    localStorage.setItem(kKeyName, key);
    part('pairing-code').value = '';
    lastWords = 'This browser is paired.';
    part('pairing').hidden = true;
    await look();
  });

  // --- the question ---

  function rowOf(row) {
    const group = document.createElement('div');
    group.className = row.kind;
    const label = document.createElement('dt');
    const value = document.createElement('dd');
    label.textContent = row.label;
    value.textContent = row.value;
    group.append(label, value);
    return group;
  }

  function put(question) {
    forget();
    current = question;
    lastWords = '';
    part('question-title').textContent = question.title;
    part('receipt').replaceChildren(...question.rows.map(rowOf));
    part('no').textContent = question.buys ? 'No, do not buy' : 'No';
    part('yes').textContent = question.buys ? 'Buy' : 'Agree';
    part('read-on').hidden = false;
    say('A question waits for your answer.');
    show('question');
    part('question-title').focus();
    observer.observe(part('receipt-end'));
  }

  // The code comes only after the end of the receipt has been on the screen.
  const observer = new IntersectionObserver((entries) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    requestAnimationFrame(() => requestAnimationFrame(askForCode));
  });

  async function askForCode() {
    if (!current || answerToken || asking) return;
    asking = true;
    const question = current;
    let answer;
    try {
      answer = await send('POST', '/shown', {token: question.token});
    } catch {
      asking = false;
      return programIsGone();
    }
    asking = false;
    if (current !== question) return;
    if (answer.status !== 200) return end(answer.body.message);
    observer.disconnect();
    answerToken = answer.body.token;
    ending = performance.now() + answer.body.seconds_left * 1000;
    part('request').textContent = answer.body.request;
    part('typed').value = '';
    part('read-on').hidden = true;
    part('answer').hidden = false;
    countDown();
    part('no').focus();
  }

  function end(message) {
    forget();
    show('');
    lastWords = message;
    say(message);
  }

  async function answer(path, body) {
    if (!answerToken) return;
    body.token = answerToken;
    answerToken = '';
    let reply;
    try {
      reply = await send('POST', path, body);
    } catch {
      return programIsGone();
    }
    if (reply.status === 401) return askToPair();
    if (reply.body.outcome !== 'retry' && reply.body.outcome !== 'again' &&
        reply.body.outcome !== 'stale') {
      return end(reply.body.message);
    }
    part('problem').textContent = reply.body.message;
    await askForCode();
  }

  part('no').addEventListener('click', () => answer('/decline', {}));
  part('answer').addEventListener('submit', (event) => {
    event.preventDefault();
    answer('/answer', {typed: part('typed').value});
  });

  function countDown() {
    if (!current || part('answer').hidden) return;
    const seconds = Math.max(0, Math.ceil((ending - performance.now()) / 1000));
    part('time-left').textContent = `${seconds} seconds left. No answer is a no.`;
  }

  // --- looking for questions ---

  function programIsGone() {
    forget();
    show('');
    part('others').textContent = '';
    say('The program that showed this page does not answer. Nothing can be approved here.');
  }

  async function look() {
    let answer;
    try {
      answer = await send('GET', '/question');
    } catch {
      return programIsGone();
    }
    if (answer.status === 401) return askToPair();
    if (answer.status !== 200) return say(answer.body.message);
    const question = answer.body.question;
    const others = answer.body.waiting - (question ? 1 : 0);
    part('others').textContent =
        others > 0 ? `${others} more ${others === 1 ? 'question waits' : 'questions wait'}.` : '';
    document.title = question ? '(1) CartPilot approvals' : 'CartPilot approvals';
    if (question) {
      if (!current || current.id !== question.id) put(question);
      return;
    }
    if (current) {
      return end('The question is closed: it was answered elsewhere, its time is over, or the ' +
                 'program that asked has ended.');
    }
    show('');
    say(lastWords || 'Nothing waits for your answer. Leave this page open.');
  }

  async function goOn() {
    if (!asking) await look();
    setTimeout(goOn, document.hidden ? kLookHiddenMs : kLookMs);
  }

  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) look();
  });
  setInterval(countDown, 1000);
  goOn();
})();
