// Purpose:  a message for an incoming webhook of Slack, and of what takes the same (Mattermost, Rocket.Chat, Discord's /slack).
// Spec:     Slack, "Sending messages using incoming webhooks", "Formatting message text" (the three characters that are escaped).
// Input:    what is to be told; hostile words in it.
// Deviates: no blocks: receivers beside Slack's own show `text` alone.
// Unknowns: none.
import type { Notice } from './notice.ts'
import { sayNotice } from './say-notice.ts'

export function renderSlack({ body }: Notice): unknown {
  const { title, lines, url } = sayNotice(body)
  const text = [`*${escape(title).replaceAll('*', '')}*`, ...lines.map(escape)]
  if (url !== undefined) text.push(escape(url))
  return { text: text.join('\n') }
}

/** So that no text of an image or an advisory mentions everybody or looks like a link of ours. */
function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
