/** What a person does about a target that cannot be deployed as it says, before a rollout and in one. */

export const CONNECT_REPOSITORY =
  'Connect it in the dashboard under Settings, Git; or write deploy: cli.'

export const FREE_DOMAIN =
  'Correct the alias of the target, or remove the domain from the other project first.'

export const COMPLETE_RELEASES =
  'Write rolling_release: complete into the target, or switch Rolling Releases off while Rollgate rolls out: vercel rolling-release configure --disable'
