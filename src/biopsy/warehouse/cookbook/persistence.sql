-- Who writes where programs start from?
-- Shell profiles, autostart, cron, systemd, Git hooks, and what agents and editors read.
SELECT created, ecosystem, name, version, value, phase, run_id
FROM behaviours
WHERE kind = 'file.write' AND actor = 'package' AND regexp_matches(value,
  '/(\.(bashrc|zshrc|profile|bash_profile|zprofile)|\.config/(autostart|systemd)|cron|systemd|\.git/hooks|\.(vscode|cursor|claude))')
ORDER BY created DESC
