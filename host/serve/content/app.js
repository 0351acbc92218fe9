// Puts the parts of the page together. The conversation on the screen is in the address: #c/ID.
import * as api from './api.js';
import {Approval} from './approval.js';
import {Composer} from './composer.js';
import {Conversation} from './conversation.js';
import {clean, part, put} from './dom.js';
import {ConversationList} from './list.js';
import {preparePairing, showPairing} from './pairing.js';
import {obeyChoice} from './pictures.js';
import {prepareSettings} from './settings.js';

const kRetryMs = 3000;
const kParts = ['list', 'talk', 'list-button', 'skip-message'];

let isReady = false;  // the program knows this browser
let title = '';
let asks = false;

const list = new ConversationList({
  deleted: (id) => id === conversation.id && go(''),
  renamed: (id, name) => id === conversation.id && setTitle(name),
  chosen: () => showList(false),
});
const conversation = new Conversation((words) => composer.propose(words), {
  question: (value) => approval.changed(value),
  changed: () => list.refresh(),
  title: setTitle,
  created: (id) => {
    history.replaceState(null, '', `#c/${encodeURIComponent(id)}`);
    list.setCurrent(id);
    approval.setConversation(id);
  },
  gone: () => {
    put(part('list-status'), 'That conversation does not exist any more.');
    go('');
  },
});
const composer = new Composer(conversation);
const approval = new Approval({
  waiting: (waits) => {
    asks = waits;
    showTitle();
    if (isReady) list.refresh();
  },
  focusMessage: focusTalk,
});

function setTitle(text) {
  title = clean(text);
  part('title').textContent = title || 'New conversation';
  showTitle();
  if (isReady) list.refresh();
}

function showTitle() {
  const name = title && isReady ? `${title} - CartPilot` : 'CartPilot';
  document.title = asks ? `(1) ${name}` : name;
}

// --- which conversation ---

const idInAddress = () => {
  try {
    return decodeURIComponent(location.hash.match(/^#c\/(.+)$/)?.[1] ?? '');
  } catch {
    return '';
  }
};

async function openFromAddress() {
  if (!isReady) return;
  const id = idInAddress();
  list.setCurrent(id);
  approval.setConversation(id);
  await conversation.open(id);
}

function go(id) {
  const hash = id === '' ? '#new' : `#c/${encodeURIComponent(id)}`;
  if (location.hash === hash) openFromAddress();
  else location.hash = hash;
}

/// A touch on the message field opens the keyboard of a telephone; nobody asked for it there.
function focusTalk() {
  if (matchMedia('(pointer: coarse)').matches) part('log').focus({preventScroll: true});
  else composer.focus();
}

function showList(show) {
  document.body.classList.toggle('list-open', show);
  part('list-button').setAttribute('aria-expanded', String(show));
}

// --- who is here ---

function setReady(ready) {
  isReady = ready;
  for (const id of kParts) part(id).hidden = !ready;
  if (ready) return;
  conversation.close();
  approval.stop();
  showList(false);
  for (const dialog of document.querySelectorAll('dialog[open]')) dialog.close();
  part('place').hidden = true;
  put(part('who'), '');
}

function introduce(me) {
  put(part('place'), clean(me.cartpilot));
  part('place').hidden = false;
  part('place').classList.toggle('sandbox', me.cartpilot.startsWith('SANDBOX'));
  put(part('who'), me.mode === 'proxy' ? clean(me.person) : '');
  put(part('about'), clean(`cartpilot ${me.version}, ${me.provider}, model ${me.model}.`));
}

async function start() {
  let me;
  try {
    me = await api.whoAmI();
  } catch (error) {
    if (error.status === 401) return;
    put(part('who'), `${error.message} Trying again.`);
    setTimeout(start, error.retryAfterMs || kRetryMs);
    return;
  }
  const wasPairing = !part('pairing').hidden;
  showPairing(false);
  setReady(true);
  introduce(me);
  approval.start();
  list.refresh();
  await openFromAddress();
  if (wasPairing || document.activeElement === document.body) focusTalk();
}

api.onUnpaired(() => {
  if (isReady || part('pairing').hidden) setReady(false);
  showPairing(true);
});
api.onPairedElsewhere(() => !isReady && start());
preparePairing(start);
prepareSettings();

window.addEventListener('hashchange', async () => {
  await openFromAddress();
  if (document.activeElement === document.body || part('list').contains(document.activeElement)) {
    focusTalk();
  }
});
part('new-button').addEventListener('click', () => {
  showList(false);
  go('');
  composer.focus();
});
part('list-button').addEventListener('click', () => {
  const show = !document.body.classList.contains('list-open');
  showList(show);
  if (show) list.refresh();
});
document.addEventListener('keydown', (event) => {
  if (event.key !== 'Escape' || !document.body.classList.contains('list-open')) return;
  if (document.querySelector('dialog[open]')) return;
  event.preventDefault();
  showList(false);
  part('list-button').focus();
}, true);
for (const [link, target] of [['skip-message', 'message'], ['skip-approval', 'approval']]) {
  part(link).addEventListener('click', (event) => {
    event.preventDefault();
    showList(false);
    part(target).focus();
  });
}
if (!obeyChoice()) start();
