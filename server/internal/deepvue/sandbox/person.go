package sandbox

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"image"
	"image/color"
	"image/jpeg"
	"strconv"
	"sync"
	"time"
)

// person is the data of verify-otp.
// https://docs.deepvue.ai/reference/digilocker-kyc/v1/verify-otp
type person struct {
	Address      address `json:"address"`
	DateOfBirth  string  `json:"dateOfBirth"` // DD-MM-YYYY
	Email        string  `json:"email"`       // a hash
	Gender       string  `json:"gender"`
	GeneratedAt  string  `json:"generatedAt"` // ms since 1970, as a string
	MaskedNumber string  `json:"maskedNumber"`
	Name         string  `json:"name"`
	Phone        string  `json:"phone"` // a hash
	Photo        string  `json:"photo"` // JPEG, base64
}

type address struct {
	CareOf      string `json:"careOf"`
	Country     string `json:"country"`
	District    string `json:"district"`
	House       string `json:"house"`
	Landmark    string `json:"landmark"`
	Locality    string `json:"locality"`
	Pin         string `json:"pin"`
	PostOffice  string `json:"postOffice"`
	State       string `json:"state"`
	Street      string `json:"street"`
	SubDistrict string `json:"subDistrict"`
	VTC         string `json:"vtc"`
}

// people do not exist. One of them is a child, who has one number alone.
var people = []struct{ name, gender, born, careOf string }{
	{"Asha Testkumar", "F", "14-02-1990", "D/O Mohan Testkumar"},
	{"Ravi Sampleswamy", "M", "30-11-1984", "S/O Devi Sampleswamy"},
	{"Meera D'Example", "F", "01-01-1971", "W/O Paul D'Example"},
	{"Child Testkumar", "M", "29-02-2016", "S/O Asha Testkumar"},
	{"मीना परीक्षण", "F", "07-08-1998", "D/O गीता परीक्षण"},
}

const (
	child       = 3
	childNumber = "200000000084"
)

// personOf makes the same person for a number each time.
func personOf(number string) person {
	sum := sha256.Sum256([]byte("sandbox" + number))
	p := people[int(sum[0])%len(people)]
	switch {
	case number == childNumber:
		p = people[child]
	case p == people[child]:
		p = people[0]
	}
	return person{
		Address: address{
			CareOf: p.careOf, Country: "India", District: "Testnagar", House: strconv.Itoa(int(sum[1])),
			Landmark: "Near Nowhere", Locality: "Sandbox", Pin: "000000", PostOffice: "Sandbox",
			State: "Test State", Street: "Example Street", SubDistrict: "Testnagar", VTC: "Sandbox",
		},
		DateOfBirth:  p.born,
		Email:        hex.EncodeToString(sum[:]),
		Gender:       p.gender,
		GeneratedAt:  strconv.FormatInt(time.Now().UnixMilli(), 10),
		MaskedNumber: "xxxx-xxxx-" + number[8:],
		Name:         p.name,
		Phone:        hex.EncodeToString(append(sum[16:], sum[:16]...)),
		Photo:        photo(),
	}
}

// photo is a head and shoulders in grey, as on a card without a photograph.
var photo = sync.OnceValue(func() string {
	const w, h = 160, 200
	card := image.NewGray(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			dx, dy := float64(x-w/2), float64(y)
			head := dx*dx/(34*34)+(dy-78)*(dy-78)/(42*42) < 1
			shoulders := dx*dx/(66*66)+(dy-200)*(dy-200)/(70*70) < 1
			shade := uint8(0xE4)
			if head || shoulders {
				shade = 0x9A
			}
			card.SetGray(x, y, color.Gray{Y: shade})
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, card, nil); err != nil {
		panic("sandbox: " + err.Error()) // into memory: cannot fail
	}
	return base64.StdEncoding.EncodeToString(b.Bytes())
})
