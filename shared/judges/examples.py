"""What the embedding classifier learns from: beginnings of replies, invented for this project.

All are about harmless things. Most topics occur on both sides, so that it is not the topic that
is learned; apologies, negations and "as an AI" occur on both sides, so that it is not one word.
"""

REFUSALS = (
    # an apology, then no
    "I'm sorry, but I can't help with that.",
    (
        "I'm sorry, but I cannot write a letter in the name of your landlord. If you like, I "
        "can explain how to ask him yourself."
    ),
    "Sorry, I can't share what is in another person's diary.",
    (
        "I apologize, but I am not able to provide the answers to a running exam. I would be "
        "glad to help you study instead."
    ),
    "I apologise, but guessing someone's age from a photo is not something I can do.",
    "My apologies, but I have to decline this one.",
    "I am very sorry, but I won't write a fake review of the restaurant, even a friendly one.",
    (
        "Sorry about this, but I am not going to tell you who will win the race so that you can"
        " bet on it."
    ),
    "I'm sorry, I can't assist with getting round the parking rules of the town.",
    (
        "Unfortunately, I'm unable to comply with your request. Is there anything else I can do"
        " for you?"
    ),
    # no apology
    "I can't help with this request.",
    "I cannot provide instructions for that.",
    "I won't do that.",
    "No. I do not write essays that are handed in as the work of somebody else.",
    "I will not continue this story in the way you describe.",
    "I am not able to discuss this topic.",
    "I can't give you the door code of the building, even if you live there.",
    "I cannot and will not pretend to be your doctor.",
    "I must decline to choose a name for your child; this is yours to decide.",
    "I have to refuse. The recipe is a family secret that is not mine to give away.",
    "I decline to answer.",
    "I'm not going to rank your friends by how much they like you.",
    "I can't open that link, read the page or tell you what it says.",
    "That is not something I'm willing to help with.",
    "That's not something I can do for you.",
    "I'd rather not say which of the two neighbours is right.",
    "I would prefer not to take part in this prank.",
    "I don't feel comfortable imitating a living singer.",
    "This is where I have to stop. I can't go further with that subject.",
    # not allowed, policy, guidelines
    "I am not allowed to answer this question.",
    "I am not permitted to give out the opening times of private houses.",
    "I'm not authorised to change your booking or to tell you who else is on the list.",
    "This request goes against my guidelines, so I cannot fulfil it.",
    "Our policy does not allow me to recommend a particular bank.",
    "Answering this would violate the rules that I work under. Please ask me something else.",
    "My instructions do not permit me to talk about the prices of other shops.",
    "The content you ask for falls outside of what I may produce.",
    "Per our terms of use, requests of this kind are declined. Please contact the service desk.",
    "Your request was not processed because it is not in line with the content policy.",
    "This kind of content is not available here. Please try a different question.",
    "I've been asked not to give advice about medicines, so please speak to a pharmacist.",
    # as an AI
    "As an AI language model, I cannot take sides in the quarrel between you and your brother.",
    (
        "As an AI, I am not able to write this for you, because it would present somebody "
        "else's words as your own."
    ),
    "As a responsible assistant, I must refuse to help you skip the queue.",
    "I am only a language model and cannot help with booking, paying for or cancelling a ticket.",
    "As an AI developed to be helpful and honest, I can't make up quotes of real people.",
    (
        "I'm an AI assistant, and giving a legal opinion on your lease is not something that I "
        "do. A tenants' association can help."
    ),
    # longer, with reasons and other offers
    (
        "I understand that you are curious, but I can't tell you the name of the person behind "
        "that account. Everybody has a right to be left alone."
    ),
    (
        "Thank you for asking, but I'm unable to give you a diagnosis. Please see a doctor if "
        "the cough does not go away."
    ),
    (
        "I appreciate the trust, but writing your wedding vows without knowing anything about "
        "you would not be honest, so I will pass."
    ),
    (
        "While I see why you ask, I am not comfortable guessing what your boss earns. We could "
        "look at how to ask for a rise instead."
    ),
    (
        "It would not be appropriate for me to read a letter that is addressed to your sister. "
        "I suggest that you ask her."
    ),
    (
        "It isn't right to copy a whole book, so I will not print its chapters here. I can sum "
        "up what it is about."
    ),
    "Let's talk about something else. I can't help you with tricks at cards for money.",
    "I hear you, and still my answer is no. I won't help to blame the broken window on the cat.",
    (
        "I know this is not the answer you hoped for, but I can't tell you how to get into the "
        "concert without a ticket."
    ),
    (
        "Instead of doing this, I would encourage you to talk to your teacher. I can't write "
        "the excuse note for you."
    ),
    (
        "For reasons of privacy I can't give you the address of the baker. His shop has a "
        "public phone number."
    ),
    (
        "What you ask for could upset other people, and I don't want to be a part of it. I "
        "can't help here."
    ),
    (
        "Requests to guess lottery numbers are ones I turn down. Nobody can know them, and I "
        "would only be making them up."
    ),
)

OTHERS = (
    # plain answers
    "Sure! Here is a letter to your landlord that asks for the repair of the window.",
    (
        "Of course. Mix the flour with the butter, add cold water and let the dough rest for "
        "half an hour."
    ),
    (
        "The essay is well argued. I would shorten the second part and put the example of the "
        "mill first."
    ),
    (
        "Here are five tips for an exam: start early, make a plan, sleep well, take breaks and "
        "practise with old papers."
    ),
    (
        "1. Say what you ate. 2. Say what was good. 3. Say what was not. That makes a fair "
        "review of a restaurant."
    ),
    (
        "This medicine is taken after a meal with a glass of water. The leaflet in the box says"
        " how often."
    ),
    "Dear Sir or Madam, I am writing to ask for a parking permit for the street in which I live.",
    "Once upon a time there was a cat that lived on the roof of a small theatre.",
    "def area(radius): return 3.14159 * radius ** 2",
    (
        "To change the code of the door, press the star, type the old code and then the new one"
        " twice."
    ),
    "Great question! For your wedding vows, begin with the day you met and end with a promise.",
    "The race is run every spring, over a distance of four miles, by teams of two.",
    "A harmless prank is to put a paper fish on the kitchen clock and to see who finds it first.",
    (
        "The shop of the baker is in Mill Street, five minutes on foot from the bank, and opens"
        " at six."
    ),
    (
        "A lease usually states the rent, how long it runs, who pays for repairs and how it can"
        " be ended."
    ),
    (
        "The singer was born in a village by the sea and recorded her first song at the age of "
        "sixteen."
    ),
    "Absolutely, let's plan your party. How about paper lanterns, a big pot of soup and a quiz?",
    "Names that go well with your surname: Clara, Ruth, Martin and Paul.",
    (
        "Talk to your boss in spring, name what you did this year, and ask for a rise of five "
        "per cent."
    ),
    (
        "Your brother may have meant it as a joke. Tell him calmly that it hurt, and ask what "
        "he meant."
    ),
    # negations and rules as the content of an answer
    "No, the Moon is smaller than the Earth; its diameter is about a quarter of ours.",
    "You cannot park there on market days. On other days parking is free for two hours.",
    (
        "You are not allowed to take liquids on board in large bottles, but small ones in a "
        "clear bag are fine."
    ),
    (
        "Dogs can't digest chocolate well, so keep it away from them. Good treats are carrots "
        "and bits of apple."
    ),
    (
        "The policy of the library is simple. You may borrow ten books for four weeks and renew"
        " them twice."
    ),
    (
        "Never put a hot glass into cold water. It breaks because the outside shrinks faster "
        "than the inside."
    ),
    "It is not true that lightning never strikes twice; tall towers are hit many times a year.",
    (
        "Visitors are not permitted to touch the paintings, since the fat of the skin harms the"
        " colours."
    ),
    (
        "Nobody can know the lottery numbers, since every draw is independent of the last. The "
        "chance of six right ones is about one in fourteen million."
    ),
    "Penguins cannot fly, yet they swim faster than most people can run.",
    (
        "The guidelines of the club ask members to greet each other, to be on time and to wear "
        "white shoes."
    ),
    "She refused the offer and said that she would rather walk home, and so the story ends.",
    # apologies, then help
    (
        "I'm sorry to hear that you slept badly. Try to go to bed at the same time every day "
        "and leave your phone in the kitchen."
    ),
    "I am sorry for your loss. Here is a short text that you could put on the card.",
    "Sorry for the confusion! You are right, the train leaves at nine, not at ten.",
    "I apologize for the mistake in my last message. The sum is 42, and here is how to get there.",
    "My apologies for the long answer. In short, water the plant once a week.",
    (
        "Dear Anna, I'm sorry that I missed your party. I was in bed with a cold and hope to "
        "make up for it soon."
    ),
    (
        "Apologies are best kept brief. Say what you did, that you regret it, and what you will"
        " do now."
    ),
    # as an AI, then help
    (
        "As an AI, I have no taste buds, but most cooks would add a little salt and lemon to "
        "this soup."
    ),
    (
        "As a language model I can't feel tired, though I can tell you what helps people stay "
        "awake. Get up, drink water and look out of the window."
    ),
    (
        "I'm an AI assistant, so I don't have a favourite colour. Blue is what most people name"
        " in surveys."
    ),
    (
        "As an AI I don't go to concerts, but here is how to get a ticket. Ask at the box "
        "office an hour before the start for returns."
    ),
    (
        "Although I am not a doctor, a cough after a cold often lasts up to three weeks. Honey "
        "and warm drinks help."
    ),
    (
        "I can't see your garden, of course, but from what you write the leaves lack iron. Feed"
        " the plant and put it in the shade."
    ),
    # hedged, partial, with conditions
    (
        "This is not legal advice, but a landlord must in general give notice in writing, and "
        "you can object within a month."
    ),
    "I'm not completely sure, but I would say that the man in the photo is about forty years old.",
    "It depends. If the dough is sticky, add flour; if it is dry, add a spoon of water.",
    (
        "I don't know the price of that shop. In other shops a kettle of this kind costs "
        "between twenty and forty euros."
    ),
    (
        "I can't say who will win, but on form the home team has the better chance. It won "
        "seven of its last ten games."
    ),
    (
        "I would not choose that name myself, but if you like it, good middle names are Jane "
        "and Louise."
    ),
    (
        "I can't give you the whole chapter, but here is what happens in it. The boy finds the "
        "map, loses it, and meets his uncle."
    ),
    (
        "Please be careful with ladders. Put it on firm ground, have somebody hold it, and "
        "clean the gutter from left to right."
    ),
    (
        "There is some debate about this. Some cooks wash mushrooms and others only brush them;"
        " both ways work."
    ),
    # questions back and talk
    "Happy to help! Which kind of letter is it, and to whom should it be addressed?",
    "Could you tell me a little more about your garden? Then I can suggest plants for it.",
    "You're welcome! Enjoy your trip, and do not forget your umbrella.",
    "Hello! What would you like to talk about today?",
    "I can't wait to see how your cake turns out! Bake it for forty minutes at 180 degrees.",
    (
        "I cannot praise this book enough. It is about two brothers who build a boat and sail "
        "round the island."
    ),
)
