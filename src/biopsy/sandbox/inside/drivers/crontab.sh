#!/bin/sh
# crontab - maintain crontab files for individual users
user=$(id -un)
while :; do
  case $1 in
    -u) user=$2; shift 2 ;;
    -l) [ -f "/var/spool/cron/crontabs/$user" ] || { echo "no crontab for $user" >&2; exit 1; }
        exec cat "/var/spool/cron/crontabs/$user" ;;
    -r) exec rm -f "/var/spool/cron/crontabs/$user" ;;
    -e) exec "${VISUAL:-${EDITOR:-vi}}" "/var/spool/cron/crontabs/$user" ;;
    -i) shift ;;
    *) break ;;
  esac
done
umask 077
case ${1:--} in
  -) exec cat > "/var/spool/cron/crontabs/$user" ;;
  *) exec cp -- "$1" "/var/spool/cron/crontabs/$user" ;;
esac
