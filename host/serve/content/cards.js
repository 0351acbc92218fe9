// Product cards: what a shop offers, beside the text.
import {clean, make} from './dom.js';
import {picturesAreOn} from './pictures.js';

function picture(card) {
  if (!picturesAreOn() || !/^https:\/\//i.test(card.image_url ?? '')) return null;
  const image = make('img', {src: card.image_url, alt: '', loading: 'lazy', decoding: 'async',
                             referrerpolicy: 'no-referrer', width: '240', height: '160'});
  image.addEventListener('error', () => image.remove());
  return image;
}

const kLow = /^\d+ left$/;

function stockLine(stock) {
  if (!stock) return null;
  const kind = stock === 'out of stock' ? 'stock none' : kLow.test(stock) ? 'stock low' : 'stock';
  return make('span', {class: kind}, clean(stock));
}

/// Words for the message field; the person may change them before they are sent.
function wishFor(card) {
  const title = clean(card.title).replace(/[\s"]+/g, ' ').trim().slice(0, 120);
  const merchant = clean(card.merchant).replace(/[\s"]+/g, ' ').trim().slice(0, 60);
  return merchant ? `Buy 1 x ${title} from ${merchant}` : `Buy 1 x ${title}`;
}

function cardElement(card, choose) {
  const title = clean(card.title) || '(no title)';
  const soldOut = card.stock === 'out of stock';
  const price = make('p', {class: 'price'}, make('strong', {}, clean(card.price)));
  if (card.price_note) price.append(` ${clean(card.price_note)}`);
  const facts = make('p', {class: 'facts'});
  if (card.merchant) facts.append(make('span', {}, clean(card.merchant)));
  const stock = stockLine(card.stock);
  if (stock) facts.append(facts.hasChildNodes() ? ', ' : '', stock);
  return make('li', {class: 'card'},
              picture(card),
              make('h3', {dir: 'auto'}, title),
              price,
              facts,
              card.why ? make('p', {class: 'why', dir: 'auto'}, clean(card.why)) : null,
              soldOut ? null : make('button', {type: 'button', 'aria-label': `Choose ${title}`,
                                               onclick: () => choose(wishFor(card))}, 'Choose'));
}

/// `choose` gets the words that name the chosen product.
export function cardList(cards, choose) {
  return make('ul', {class: 'cards', 'aria-label': 'Products'},
              ...cards.map((card) => cardElement(card, choose)));
}
