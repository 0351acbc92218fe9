// What stays in the history of a conversation beside its messages: purchases and notes.
import {clean, make, timeText} from './dom.js';

const kKinds = {done: 'good', unknown: 'warning'};

/// What became of a purchase.
export function purchaseElement(purchase) {
  const lines = (purchase.lines ?? []).map((line) => make('li', {}, clean(line)));
  const facts = [purchase.merchant && clean(purchase.merchant),
                 purchase.order_id && `order ${clean(purchase.order_id)}`,
                 purchase.when_unix_ms && timeText(purchase.when_unix_ms)].filter(Boolean);
  return make('section', {class: `purchase ${kKinds[purchase.state] ?? ''}`,
                          'aria-label': 'Purchase'},
              make('p', {class: 'outcome'}, make('strong', {}, clean(purchase.state_text)),
                   purchase.total ? make('span', {}, clean(purchase.total)) : null),
              lines.length > 0 ? make('ul', {}, ...lines) : null,
              purchase.message ? make('p', {}, clean(purchase.message)) : null,
              facts.length > 0 ? make('p', {class: 'quiet'}, facts.join(', ')) : null);
}

/// A line from the program. `kind` is '' or 'warning'.
export function noteElement(text, kind = '') {
  return make('p', {class: `remark ${kind}`}, clean(text));
}
