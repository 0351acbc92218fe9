// AG-UI's own client at `cartpilot serve`: one run, its events as the client library checked and passed them on, a JSON
// array. Standard input: {"url", "headers", "said"}.
import {HttpAgent} from '@ag-ui/client';
import {readFileSync} from 'node:fs';

const {url, headers, said} = JSON.parse(readFileSync(0, 'utf8'));
const agent = new HttpAgent({url: `${url}agui`, headers, threadId: 'from-the-client'});
agent.addMessage({id: '1', role: 'user', content: said});
const events = [];
const result = await agent.runAgent({runId: 'run-1'}, {onEvent: ({event}) => void events.push(event.type)});
console.log(JSON.stringify({events, messages: agent.messages, result: result.newMessages.length}));
