// The AI SDK as a chat application in front of `cartpilot serve --openai-api`: says three things, one after the other,
// and prints what came back, a JSON array. Standard input: {"url", "token", "said"}.
import {createOpenAICompatible} from '@ai-sdk/openai-compatible';
import {generateText, streamText} from 'ai';
import {readFileSync} from 'node:fs';

const {url, token, said} = JSON.parse(readFileSync(0, 'utf8'));
const provider = createOpenAICompatible({name: 'cartpilot', baseURL: `${url}v1`, apiKey: token});
const model = provider('cartpilot');

const messages = [];
const answers = [];
for (const [turn, content] of said.entries()) {
  messages.push({role: 'user', content});
  let text = '';
  if (turn === 0) {
    ({text} = await generateText({model, messages}));
  } else {
    for await (const piece of streamText({model, messages}).textStream) text += piece;
  }
  messages.push({role: 'assistant', content: text});
  answers.push(text);
}
console.log(JSON.stringify(answers));
