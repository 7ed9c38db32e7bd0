"""Names of modules that no package in wide use has: who installs what they import gets a stranger's.

Assistants and people both guess so (`pip install cv2`), and whoever publishes first is installed. A list of
the names that models invent is not to be had: those who measured it keep theirs back. Names in wide use as
packages are left out, whoever took them.
"""

from collections.abc import Mapping

_OF_PYTHON = """
    abc aifc annotationlib anydbm array ast asynchat asyncore atexit audioop base64 basehttpserver bdb
    binascii bisect builtins bz2 calendar cgi cgitb chunk cmath cmd code codecs codeop collections colorsys
    commands compileall concurrent contextlib cookie cookielib copy copyreg cpickle cprofile crypt cstringio
    csv ctypes curses dbm decimal difflib dis distutils doctest encodings ensurepip errno faulthandler fcntl
    filecmp fileinput fnmatch fractions ftplib functools gc getopt getpass gettext glob grp gzip hashlib
    heapq hmac html http httplib imaplib imghdr imp inspect io itertools json keyword linecache locale lzma
    mailbox mailcap marshal math mimetypes mmap modulefinder msilib msvcrt netrc nis nntplib ntpath numbers
    operator optparse os ossaudiodev pdb pickle pickletools pipes pkgutil platform plistlib poplib posixpath
    pprint profile pstats pty pwd py-compile pyclbr pydoc pyexpat queue quopri random re reprlib resource
    rlcompleter runpy sched secrets select selectors shelve shlex shutil signal site smtpd smtplib sndhdr
    socket socketserver spwd sqlite3 ssl stat string stringio stringprep struct subprocess sunau symtable
    sys sysconfig syslog tabnanny tarfile telnetlib tempfile termios textwrap threading time timeit tkinter
    token tokenize tomllib trace traceback tracemalloc tty turtle types unicodedata unittest urllib urllib2
    urlparse uu venv warnings wave weakref webbrowser winreg winsound xdrlib xml xmlrpc xmlrpclib zipapp
    zipfile zipimport zlib zoneinfo
"""
"""Python's own, of either line."""

_OF_PACKAGES = """
    absl=absl-py airflow=apache-airflow allauth=django-allauth antlr4=antlr4-python3-runtime
    barcode=python-barcode beam=apache-beam box=python-box cairo=pycairo camelot=camelot-py cas=python-cas
    celery-beat=django-celery-beat clip=openai-clip community=python-louvain consul=python-consul
    corsheaders=django-cors-headers cpuinfo=py-cpuinfo crispy-forms=django-crispy-forms
    cryptodome=pycryptodomex cv2=opencv-python daemon=python-daemon dateutil=python-dateutil
    debug-toolbar=django-debug-toolbar decouple=python-decouple dns=dnspython ee=earthengine-api
    elftools=pyelftools en-core-web-sm=spacy engineio=python-engineio etcd=python-etcd facebook=facebook-sdk
    faiss=faiss-cpu flink=apache-flink gi=pygobject git=gitpython github=pygithub gitlab=python-gitlab
    gl=pyopengl glanceclient=python-glanceclient google-protobuf=protobuf
    googleapiclient=google-api-python-client graphql=graphql-core gridfs=pymongo grpc=grpcio
    grpc-tools=grpcio-tools guardian=django-guardian haiku=dm-haiku haystack=django-haystack
    hcl2=python-hcl2 import-export=django-import-export iso639=python-iso639 jenkins=python-jenkins
    jinja=jinja2 json-logger=python-json-logger keycloak=python-keycloak
    keystoneclient=python-keystoneclient ldap=python-ldap libcloud=apache-libcloud
    llama-cpp=llama-cpp-python magic=python-magic mpl-toolkits=matplotlib mptt=django-mptt
    mysqldb=mysqlclient nacl=pynacl newspaper=newspaper3k nmap=python-nmap nomad=python-nomad
    novaclient=python-novaclient nx=networkx ogr=gdal open-clip=open-clip-torch opengl=pyopengl
    openssl=pyopenssl openstack=openstacksdk opentelemetry=opentelemetry-sdk orbax=orbax-checkpoint
    osgeo=gdal paho=paho-mqtt pam=python-pam pcap=pypcap pil=pillow pkg-resources=setuptools
    pptx=python-pptx pwn=pwntools pylab=matplotlib pyside=pyside6 pythoncom=pywin32
    pythonjsonlogger=python-json-logger pywintypes=pywin32 pywt=pywavelets pyximport=cython
    rapidjson=python-rapidjson readability=readability-lxml rest-framework=djangorestframework rpds=rpds-py
    rtmidi=python-rtmidi ruamel=ruamel-yaml samtranslator=aws-sam-translator
    segment=segment-analytics-python simple-history=django-simple-history skimage=scikit-image
    snappy=python-snappy socketio=python-socketio sockshandler=pysocks speech-recognition=speechrecognition
    stdnum=python-stdnum storages=django-storages superset=apache-superset swiftclient=python-swiftclient
    tabula=tabula-py taggit=django-taggit terraform=python-terraform tlsh=py-tlsh twitter=python-twitter
    umap=umap-learn usb=pyusb vlc=python-vlc win32api=pywin32 win32com=pywin32 win32con=pywin32
    win32gui=pywin32 wx=wxpython yaml=pyyaml yara=yara-python z3=z3-solver
"""
"""What well-known packages install under another name than their own: MODULE=PACKAGE."""


MODULES: Mapping[str, str] = {
    **dict.fromkeys(_OF_PYTHON.split(), "python"),
    **dict(word.split("=") for word in _OF_PACKAGES.split()),
}
"""What a module would be called as a package, to what brings it."""
