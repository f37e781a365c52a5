package content

import (
	"encoding/base64"
	"strings"

	"github.com/llm-observatory/llmobservatoryexporter/internal/jsonval"
)

// mediaPart brings images, sound, video and files into blob, uri or file parts. A
// block it finds no data, address or file id in is kept as it is.
func (rd *reader) mediaPart(parts, n jsonval.Node) {
	typ := n.Get("type").Str()
	if (typ == typeURI && n.Get("uri").Exists()) || (typ == typeFile && n.Get("file_id").Exists()) {
		parts.Add(n)
		return
	}
	m := media{mime: mimeOf(n), modality: n.Get("modality").Str()}
	if m.modality == "" {
		m.modality = modalityOfType(typ)
	}
	m.find(n, typ, 0)
	switch {
	case m.data.Kind() == jsonval.Bytes:
		rd.addBlob(parts, m, base64.StdEncoding.EncodeToString([]byte(m.data.Str())))
	case m.data.Exists():
		rd.addAddress(parts, m, m.data, true)
	case m.address.Exists():
		rd.addAddress(parts, m, m.address, false)
	case m.fileID.Exists():
		p := rd.d.Object()
		p.Put("type", rd.d.String(typeFile))
		p.SetStr("modality", m.modality)
		p.SetStr("mime_type", m.mime)
		p.Put("file_id", m.fileID)
		parts.Add(p)
	case typ == "document" && m.text.Exists():
		rd.addText(parts, m.text)
	default:
		parts.Add(n)
	}
}

// media is what a block says of its medium.
type media struct {
	modality, mime              string
	data, address, fileID, text jsonval.Node
}

var (
	mediaData      = jsonval.KeysOf("data", "bytes", "file_data", "base64")
	mediaAddresses = jsonval.KeysOf("url", "uri", "fileUri", "file_uri", "file_url")
	mediaFiles     = jsonval.KeysOf("file_id", "fileId")
	mediaTypes     = jsonval.KeysOf("mime_type", "mimeType", "media_type", "mediaType", "contentType")
)

// mediaKeys are the keys under which blocks nest their source.
var mediaKeys = jsonval.KeysOf(
	"image_url", "image", "source", "inlineData", "inline_data", "fileData", "file_data", "media", "file",
	"input_audio", "audio", "video", "video_url", "audio_url", "document",
)

// maxMediaNesting is how deep sources nest ({"image":{"image":{"url"}}}).
const maxMediaNesting = 4

func (m *media) find(n jsonval.Node, typ string, depth int) {
	if m.mime == "" {
		m.mime = mimeOf(n)
	}
	if data := n.Get("data"); n.Get("type").Str() == typeText && data.Exists() {
		m.text = data // Anthropic: a document of plain text
		return
	}
	m.data = or(m.data, first(n, mediaData))
	if m.data.Kind() == jsonval.Object {
		m.data = jsonval.Node{}
	}
	if typ == "binary" || typ == typeBlob {
		m.data = or(m.data, filled(n.Get("content")))
	}
	m.address = or(m.address, first(n, mediaAddresses))
	m.fileID = or(m.fileID, first(n, mediaFiles))
	m.text = or(m.text, filled(n.Get("text")))
	if depth == maxMediaNesting {
		return
	}
	for at, c := n.Any(mediaKeys, 0); at >= 0; at, c = n.Any(mediaKeys, at+1) {
		if m.modality == "" {
			m.modality = modalityOfType(c.Key())
		}
		switch c.Kind() {
		case jsonval.Object:
			m.find(c, "", depth+1)
		case jsonval.String:
			m.address = or(m.address, filled(c))
		case jsonval.Bytes:
			m.data = or(m.data, c)
		}
	}
}

func or(a, b jsonval.Node) jsonval.Node {
	if a.Exists() {
		return a
	}
	return b
}

// mimeOf returns the media type a block names.
func mimeOf(n jsonval.Node) string {
	if s := first(n, mediaTypes).Str(); s != "" {
		return s
	}
	format := n.Get("format").Str()
	if format == "" || strings.Contains(format, "/") {
		return format
	}
	for _, kind := range [...]string{"image", "audio", "video"} {
		if strings.Contains(formats[kind], " "+format+" ") {
			return kind + "/" + format
		}
	}
	return ""
}

// formats are the short names of formats by what they hold.
var formats = map[string]string{
	"image": " png jpeg jpg gif webp ",
	"audio": " wav mp3 flac opus pcm16 ogg aac ",
	"video": " mp4 mov mkv webm flv mpeg wmv ",
}

func modalityOfType(typ string) string {
	for _, kind := range [...]string{"image", "audio", "video", "document"} {
		if strings.Contains(typ, kind) {
			return kind
		}
	}
	return ""
}

func modalityOfMIME(mime string) string {
	kind, _, _ := strings.Cut(mime, "/")
	switch kind {
	case "image", "audio", "video":
		return kind
	case "application", "text":
		return "document"
	}
	return ""
}

// addAddress adds what a string says a medium is: a data URL or base64 is a blob,
// anything else an address.
func (rd *reader) addAddress(parts jsonval.Node, m media, n jsonval.Node, isData bool) {
	s := n.Str()
	if rest, ok := strings.CutPrefix(s, "data:"); ok {
		if head, data, ok := strings.Cut(rest, ";base64,"); ok {
			if head, _, _ = strings.Cut(head, ";"); head != "" {
				m.mime = head
			}
			rd.addBlob(parts, m, data)
			return
		}
	}
	if isData && !strings.HasPrefix(s, "http") || !strings.Contains(s, ":") && len(s) > 64 {
		rd.addBlob(parts, m, s)
		return
	}
	p := rd.d.Object()
	p.Put("type", rd.d.String(typeURI))
	p.SetStr("modality", m.modalityOrGuess())
	p.SetStr("mime_type", m.mime)
	p.Put("uri", n)
	parts.Add(p)
}

func (rd *reader) addBlob(parts jsonval.Node, m media, data string) {
	p := rd.d.Object()
	p.Put("type", rd.d.String(typeBlob))
	p.SetStr("modality", m.modalityOrGuess())
	p.SetStr("mime_type", m.mime)
	p.Put("content", rd.d.String(data))
	parts.Add(p)
}

func (m media) modalityOrGuess() string {
	if m.modality != "" {
		return m.modality
	}
	return modalityOfMIME(m.mime)
}
